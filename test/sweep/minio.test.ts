import { describeSweep } from "./sweep.js";

describeSweep("MinIO store");
