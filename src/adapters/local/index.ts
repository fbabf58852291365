export { openLocalSource } from "./source.js";
export { openLocalTarget } from "./target.js";
