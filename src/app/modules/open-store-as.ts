import type { Profile, ProfileName } from "../../adapters/s3-protocol/profiles.js";
import type { OpenStore } from "../../ports/store.js";
import type { Settings } from "../config/settings.js";

/**
 * Opens the store that the settings name, and loads no other store's SDK.
 *
 * @param profile how a server is taken, whatever the settings say. What is no server has none.
 */
export async function openStoreAs(
  settings: Settings,
  profile: ProfileName | Profile | undefined,
): Promise<OpenStore> {
  const { location, connectTimeoutMs, idleTimeoutMs, payloadSigning } = settings;
  const limits = { connectTimeoutMs, idleTimeoutMs };
  switch (location.kind) {
    case "memory": {
      const { openMemoryStore } = await import("../../adapters/memory/index.js");
      return openMemoryStore();
    }
    case "filesystem": {
      const { openFilesystemStore } = await import("../../adapters/filesystem/index.js");
      return openFilesystemStore({ directory: location.directory });
    }
    case "s3": {
      const { openS3Store } = await import("../../adapters/s3/index.js");
      const { kind, ...where } = location;
      const { s3Credentials: credentials } = settings;
      return openS3Store({ ...where, ...limits, profile, payloadSigning, credentials });
    }
    case "minio": {
      const { openMinioStore } = await import("../../adapters/minio/index.js");
      const { kind, ...where } = location;
      const { minioCredentials: given } = settings;
      const keys = typeof given === "function" ? { credentials: given } : (given ?? {});
      return openMinioStore({ ...where, ...limits, profile, payloadSigning, ...keys });
    }
  }
}
