import type { TestProject } from "vitest/node";
import { provideServers } from "./provide.js";
import type { ServerAddress } from "./server.js";
import { startLocalStack, startMinio } from "./servers.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Encrypts, and starts empty. Shared by all tests: each makes buckets of its own. */
    minio: ServerAddress;
    /** Starts empty. Shared by all tests: each makes buckets of its own. */
    localstack: ServerAddress;
  }
}

/** The servers of `npm test`: each machine that can run the tests can have them. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideServers(project, { minio: startMinio, localstack: startLocalStack });
}
