import type { ByteRange } from "../../../src/domain/range.js";
import { type HeldRead, type Model, rangeOf } from "../model.js";
import { keyAt, leave as leaveRead, readOn, type Site } from "../site.js";
import { type Command, command } from "./command.js";

/** Bodies open at once. */
const MOST_READS = 3;

const someOpen = ({ reads }: Readonly<Model>): boolean => reads.length > 0;

/** Opens a body, of which later commands read on while others write. */
export const open: (parameters: {
  readonly slot: number;
  readonly range?: ByteRange | undefined;
  /** Chunks that are read at once. */
  readonly chunks: number;
}) => Command = command("open", async (model, site, { slot, range, chunks }) => {
  const key = keyAt(site, slot);
  const held = model.objects.get(key);
  const expected = held === undefined ? "not-found" : rangeOf(held.bytes, range);
  if (typeof expected === "string") return;
  const [oldest] = model.reads;
  if (oldest !== undefined && model.reads.length === MOST_READS) {
    await leaveRead(model, site, oldest);
  }
  const object = await site.store.get(key, { range });
  const read: HeldRead = { key, expected, at: 0, disturbed: false };
  model.reads.push(read);
  site.reads.set(read, { object, chunks: object.body[Symbol.asyncIterator]() });
  await readOn(model, site, read, chunks);
});

export const goOn: (parameters: {
  readonly which: number;
  /** Default: all that there are. */
  readonly chunks?: number | undefined;
}) => Command = command(
  "goOn",
  async (model, site, { which, chunks = Number.POSITIVE_INFINITY }) => {
    const read = readAt(model, which);
    if (read !== undefined) await readOn(model, site, read, chunks);
  },
  someOpen,
);

export const leave: (parameters: { readonly which: number }) => Command = command(
  "leave",
  async (model: Model, site: Site, { which }) => {
    const read = readAt(model, which);
    if (read !== undefined) await leaveRead(model, site, read);
  },
  someOpen,
);

function readAt({ reads }: Model, which: number): HeldRead | undefined {
  return reads[which % reads.length];
}
