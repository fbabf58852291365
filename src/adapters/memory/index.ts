export { MemoryObjectStore, type MemoryStoreOptions, openMemoryStore } from "./store.js";
