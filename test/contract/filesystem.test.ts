import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openFilesystemStore } from "../../src/adapters/filesystem/index.js";
import { describeContract } from "./describe-contract.js";

const directory = await mkdtemp(join(tmpdir(), "stowage-contract-"));

describeContract({ name: "filesystem", store: await openFilesystemStore({ directory }) });

afterAll(() => rm(directory, { recursive: true, force: true }));
