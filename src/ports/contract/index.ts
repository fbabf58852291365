/**
 * The promises of the port, executable: run them against an adapter or a server of your own.
 *
 *     import { runContract } from "stowage/contract";
 *
 *     const report = await runContract({ store, openWithoutBucket });
 *     for (const { id, promise, error } of report.failed) console.error(id, promise, error);
 *
 * Each case quotes one sentence of the port. It is skipped only where the store's own facts say that
 * it does not apply. With a test runner, make one test of each of `contractCases` and give it to
 * `runCase`. Nothing stays in the store: neither objects nor uploads.
 */
export type { Capability, Need } from "./capability.js";
export type { ContractCase, ContractContext, ContractSubject } from "./case.js";
export { contractCases } from "./cases.js";
export { type ContractOptions, type ContractReport, runContract } from "./contract.js";
export { type CaseOptions, type CaseResult, runCase } from "./runner.js";
