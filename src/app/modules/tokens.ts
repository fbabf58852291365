import type { ServiceIdentifier } from "inversify";
import type { Clock } from "../../ports/clock.js";
import type { Journal } from "../../ports/journal.js";
import type { OpenSource, OpenTarget } from "../../ports/source.js";
import type { Store } from "../../ports/store.js";
import type { Settings } from "../config/settings.js";
import type { Stowage } from "../stowage.js";

/** The use cases. Got with `getAsync`, since the store's SDK is loaded when it is first needed. */
export const STOWAGE: ServiceIdentifier<Stowage> = Symbol("stowage.Stowage");
/** The store that the configuration names. Rebind it to put another in its place. */
export const STORE: ServiceIdentifier<Store> = Symbol("stowage.Store");
/** The configuration, checked. */
export const SETTINGS: ServiceIdentifier<Settings> = Symbol("stowage.Settings");
export const CLOCK: ServiceIdentifier<Clock> = Symbol("stowage.Clock");
/** Uploads in progress, written down. `undefined` where the configuration wants none. */
export const JOURNAL: ServiceIdentifier<Journal | undefined> = Symbol("stowage.Journal");
export const OPEN_SOURCE: ServiceIdentifier<OpenSource> = Symbol("stowage.OpenSource");
export const OPEN_TARGET: ServiceIdentifier<OpenTarget> = Symbol("stowage.OpenTarget");
