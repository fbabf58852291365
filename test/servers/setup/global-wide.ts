import type { TestProject } from "vitest/node";
import { provideServers } from "./provide.js";
import type { ServerAddress } from "./server.js";
import { startCeph, startVersity } from "./wide-servers.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Starts empty. Shared by all tests: each makes buckets of its own. */
    versity: ServerAddress;
    /** Starts empty. Shared by all tests: each makes buckets of its own. */
    ceph: ServerAddress;
  }
}

/** The servers of `npm run test:wide`: Ceph is to be had as packages of Debian alone. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideServers(project, { versity: startVersity, ceph: () => startCeph() });
}
