/**
 * What is wrong with the Node that runs this, if anything: npm warns of it, and runs it all the same.
 *
 * @param needed as `engines` has it: `>=22.12`.
 */
export function nodeFault(current: string, needed: string): string | undefined {
  const [major = 0, minor = 0] = current.split(".").map(Number);
  const least = needed.replace(">=", "");
  const [leastMajor = 0, leastMinor = 0] = least.split(".").map(Number);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined;
  return `Cannot run on Node ${current}: it is too old; use ${least} or newer`;
}
