import { describeContract } from "./describe-contract.js";
import { SigningStore } from "./signing-store.js";

describeContract({ name: "signing store", store: new SigningStore() });
