import { isAbsolute, join } from "node:path";

/**
 * Where the command keeps its journal, unless STOWAGE_JOURNAL says otherwise: below the state folder of
 * the XDG base directories, by which a relative one counts for nothing. `none` where there is no home.
 */
export function journalFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: state = "", HOME: home = "" } = env;
  if (isAbsolute(state)) return join(state, "stowage", "uploads");
  return isAbsolute(home) ? join(home, ".local", "state", "stowage", "uploads") : "none";
}
