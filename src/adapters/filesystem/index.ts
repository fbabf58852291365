export { type FilesystemStoreOptions, openFilesystemStore } from "./open.js";
export { FilesystemObjectStore } from "./store.js";
