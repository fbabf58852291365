export type { ObjectTable, Version } from "./objects.js";
export { MemoryObjectStore, type MemoryStoreOptions, openMemoryStore } from "./store.js";
