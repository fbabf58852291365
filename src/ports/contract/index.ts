/**
 * The promises of the port, executable: run them against an adapter or a server of your own.
 *
 *     import { reportAsText, runContract } from "stowage/contract";
 *
 *     const report = await runContract({ store, prefix: "try-out/", openWithoutBucket });
 *     console.log(reportAsText(report));
 *
 * Each case quotes one sentence of the port. It is skipped only where the store's own facts say that
 * it does not apply, and may fail only where a profile declares it. With a test runner, make one test
 * of each of `contractTests`. The kit touches no key outside of its prefix, and nothing of its own
 * stays there: neither objects nor uploads.
 */
export { reportsAsMarkdown } from "./as-markdown.js";
export { reportAsText } from "./as-text.js";
export type { Capability, Need } from "./capability.js";
export type { ContractCase, ContractContext, ContractSubject, TriedStore } from "./case.js";
export { contractCases } from "./cases.js";
export { type ContractOptions, type ContractTest, contractTests, runContract } from "./contract.js";
export type { ContractProfile, DeclaredFailure } from "./profile.js";
export { contractProfiles } from "./profiles.js";
export { type CaseOutcome, type ContractReport, contractReport, type ReportRow } from "./report.js";
export { type CaseOptions, type CaseResult, runCase } from "./runner.js";
