import { reportAsText, runContract } from "stowage/contract";
import { SqliteStore } from "./sqlite-store.ts";

const report = await runContract({ name: "SqliteStore", store: new SqliteStore(":memory:") });
console.log(reportAsText(report));
process.exitCode = report.ok ? 0 : 1;
