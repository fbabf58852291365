const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Reads `90s`, `30m`, `24h`, `7d` or `0`, in milliseconds. `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (text === "0") return 0;
  return digits === undefined ? undefined : Number(digits) * (UNITS_MS[unit] ?? 0);
}
