import { join } from "node:path";
import { cached, progress } from "./cache.js";
import { run } from "./command.js";
import { PYTHON_MINIMUM } from "./pins.js";

const [MAJOR, MINOR] = PYTHON_MINIMUM;
export const PYTHON_WANTED: string = `Python ${MAJOR}.${MINOR} or newer with its venv module`;

const NAMES = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

export interface Python {
  readonly command: string;
  /** As `3.11`. */
  readonly version: string;
}

/** Finds an interpreter that can make virtual environments. */
export async function findPython(): Promise<Python | undefined> {
  const question =
    "import ensurepip, sys, venv; print(sys.version_info[0], sys.version_info[1], sys.executable)";
  for (const name of NAMES) {
    const answer = await run(name, ["-c", question]).catch(() => "");
    const match = /^(\d+) (\d+) (.+)$/m.exec(answer);
    if (match === null) continue;
    const [, major, minor, command] = match;
    if (command !== undefined && Number(major) === MAJOR && Number(minor) >= MINOR) {
      return { command, version: `${major}.${minor}` };
    }
  }
  return undefined;
}

/**
 * Returns a virtual environment into which pip was given `args`.
 *
 * It was renamed once made: run its programs as `bin/python -m`, for the scripts in `bin` name
 * the folder that it was made in.
 */
export async function environment(
  python: Python,
  name: string,
  takes: string,
  args: readonly string[],
): Promise<string> {
  return cached(`${name}-py${python.version}`, async (draft) => {
    progress(`installing ${name} with pip ... (first run only, about ${takes})`);
    await run(python.command, ["-m", "venv", draft]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...args];
    await run(join(draft, "bin", "python"), pip);
  });
}
