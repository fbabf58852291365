import { readdir } from "node:fs/promises";

/** What the process holds: descriptors, and what keeps it from ending. */
export async function held(): Promise<readonly string[]> {
  const descriptors = await readdir("/proc/self/fd");
  return [...descriptors.map(() => "descriptor"), ...process.getActiveResourcesInfo()];
}

/** What it holds beyond that, once what was closed has been let go of. */
export async function heldBeyond(before: readonly string[]): Promise<readonly string[]> {
  for (const until = performance.now() + 2_000; ; ) {
    const left = [...before];
    const more = (await held()).filter((name) => {
      const at = left.indexOf(name);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
    if (more.length === 0 || performance.now() > until) return more;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Notes what nobody has caught, until it is disposed of: either would end an application. */
export function strays(): Disposable & { readonly errors: readonly unknown[] } {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  process.on("unhandledRejection", note).on("uncaughtException", note);
  return {
    errors,
    [Symbol.dispose]: () => {
      process.off("unhandledRejection", note).off("uncaughtException", note);
    },
  };
}
