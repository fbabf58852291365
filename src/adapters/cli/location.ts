import type { Run } from "./arguments.js";
import type { Terminal } from "./terminal.js";

/** Where the store is, as it was configured; `undefined` where nothing says it. */
export function configuredLocation({ options }: Run, { env }: Terminal): string | undefined {
  return (options.store ?? env["STOWAGE_STORE"]) || undefined;
}

/** A server is named as it was configured, which tells its address; a folder by its whole path. */
export function locationOf(
  { kind, location }: { readonly kind: string; readonly location: string },
  run: Run,
  terminal: Terminal,
): string {
  const configured = configuredLocation(run, terminal);
  return kind === "filesystem" || configured === undefined ? location : configured;
}
