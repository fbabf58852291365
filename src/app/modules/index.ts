/** Stowage for a larger container of inversify. */
export { stowageModule } from "./stowage.module.js";
export { CLOCK, JOURNAL, OPEN_SOURCE, OPEN_TARGET, SETTINGS, STORE, STOWAGE } from "./tokens.js";
