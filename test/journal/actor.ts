import { createInterface } from "node:readline";
import { openFileJournal } from "../../src/adapters/journal/index.js";
import { StowageError } from "../../src/domain/errors.js";
import { partOf, startOf } from "./samples.js";

/** A process of its own that works on a journal: `node actor.ts <act> <directory>`. */
const [, , act = "", directory = ""] = process.argv;
const journal = openFileJournal({ directory, store: "https://server/bucket" });

if (act === "run") {
  const record = await journal.begin(startOf());
  await record.started("1");
  await record.stored(partOf(1));
  console.log(record.session.id);
  await new Promise((resolve) => process.stdin.on("end", resolve).resume());
} else {
  console.log("ready");
  for await (const id of createInterface(process.stdin)) {
    const answer = await journal.take(id).then(
      () => "taken",
      (error: unknown) => (error instanceof StowageError ? error.code : String(error)),
    );
    console.log(answer);
  }
}
