import { openLocalTarget } from "../../src/adapters/local/index.js";

/** A process of its own that writes a million bytes to its standard output, as a target. */
await using target = await openLocalTarget(process.stdout, { overwrite: false });
for (let count = 0; count < 10; count++) await target.write(Buffer.alloc(100_000, `${count}`));
await target.commit();
console.error("committed");
