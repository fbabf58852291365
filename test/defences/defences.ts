import { bounds } from "./bounds.js";
import type { Defence } from "./defence.js";
import { integrity } from "./integrity.js";
import { sessions } from "./sessions.js";
import { uploads } from "./uploads.js";

export const DEFENCES: readonly Defence[] = [...uploads, ...integrity, ...bounds, ...sessions];
