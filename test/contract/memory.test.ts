import { openMemoryStore } from "../../src/adapters/memory/index.js";
import { describeContract } from "./describe-contract.js";

describeContract({ name: "memory", store: openMemoryStore() });
