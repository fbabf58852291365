import type { Context } from "../context.js";
import { subjectOf } from "../owner.js";
import { print } from "../terminal.js";

/** Prints a URL to download an object by: to standard output alone, since it is a secret. */
export async function sign(context: Context): Promise<void> {
  const { terminal, stowage, options } = context;
  const { userId, object } = subjectOf(context);
  const { expiresInSeconds } = options;
  const signed = await stowage.signDownload({ userId, object, expiresInSeconds });
  await print(terminal.stdout, `${options.json ? JSON.stringify(signed) : signed.url}\n`);
}
