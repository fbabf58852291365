import { describeSweep } from "./sweep.js";

describeSweep("S3 store");
