import { openStowage } from "../../src/app/modules/open-stowage.js";

/** A process of its own that uploads a file, and says how much memory it had at most. */
const { path, config } = JSON.parse(process.argv[2] ?? "");
await using stowage = await openStowage(config, {});
// What is there before the first byte of the file: the modules, the SDK, a connection.
await stowage.uploadDataset({ userId: 1, source: Buffer.from("small"), name: "small.bin" });
const before = process.resourceUsage().maxRSS * 1_024;
const { size, parts } = await stowage.uploadDataset({ userId: 1, source: path });
const most = process.resourceUsage().maxRSS * 1_024;
console.log(JSON.stringify({ size, parts, before, most }));
