export { FilesystemObjectStore } from "./filesystem-object-store.js";
export { type FilesystemStoreOptions, openFilesystemStore } from "./open.js";
