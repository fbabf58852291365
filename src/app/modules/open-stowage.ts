import { Container } from "inversify";
import type { StowageConfig } from "../config/config.js";
import type { Environment } from "../config/settings.js";
import type { Stowage } from "../stowage.js";
import { stowageModule } from "./stowage.module.js";
import { STOWAGE } from "./tokens.js";

/**
 * Opens Stowage: `await using stowage = await openStowage({ store: "s3://my-bucket" })`.
 *
 * No request is sent yet, but for `profile=probe`, by which the server is tried first. Disposing of the
 * result closes the store's connections.
 *
 * @param env variables for what `config` leaves out. Default: those of the process.
 * @throws `invalid-config`, telling every mistake at once; for a directory, `access-denied` when it
 *   cannot be made or written; by `profile=probe`, what the server fails with.
 */
export async function openStowage(
  config: StowageConfig = {},
  env: Environment = process.env,
): Promise<Stowage> {
  const container = new Container();
  await container.load(stowageModule(config, env));
  const stowage = await container.getAsync(STOWAGE);
  return { ...stowage, [Symbol.asyncDispose]: () => container.unbindAllAsync() };
}
