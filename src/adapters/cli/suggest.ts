/** What other tools call it. */
const SYNONYMS: Readonly<Record<string, string>> = {
  put: "upload",
  add: "upload",
  cp: "upload",
  push: "upload",
  get: "download",
  cat: "download",
  pull: "download",
  ls: "list",
  show: "info",
  stat: "info",
  head: "info",
  rm: "remove",
  del: "remove",
  delete: "remove",
  check: "doctor",
  probe: "doctor",
  test: "contract",
  verify: "contract",
  grep: "filter",
  owner: "user",
  id: "user",
  output: "json",
  silent: "quiet",
  overwrite: "force",
  verbose: "debug",
  mime: "content-type",
  type: "content-type",
  meta: "metadata",
  tag: "metadata",
};

/** The name that was probably meant, if one is near enough. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const wanted = given.toLowerCase();
  const synonym = SYNONYMS[wanted];
  if (synonym !== undefined && names.includes(synonym)) return synonym;
  const begun = names.filter((name) => wanted !== "" && name.startsWith(wanted));
  if (begun.length === 1) return begun[0];

  const most = Math.max(1, Math.floor(wanted.length / 3));
  const ranked = names
    .map((name) => ({ name, distance: editDistance(wanted, name) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= most ? best.name : undefined;
}

/** Letters to insert, drop, change or swap with their neighbour to make one text the other. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const at = (line: number[], index: number): number => line[index] ?? 0;
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
      );
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}
