import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PartMemory, type Room, Rooms } from "../../src/app/uploader/part-memory.js";

const MIB = 1_048_576;

/** Whether a promise has settled by now, without waiting for it. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  const tick = new Promise((resolve) => setImmediate(() => resolve(pending)));
  return (await Promise.race([promise, tick])) !== pending;
}

describe("the memory of the parts", () => {
  it("is given up to the budget, and then when some comes back", async () => {
    const memory = new PartMemory();
    const first = await memory.take(6, 10);
    await memory.take(4, 10);
    const third = memory.take(5, 10);
    expect(await isSettled(third)).toBe(false);
    first.letGo(true);
    expect((await third).bytes.length).toBe(5);
    expect(memory.heldBytes).toBe(9);
  });

  it("is given in the order in which it was asked for, though a later one would fit", async () => {
    const memory = new PartMemory();
    const first = await memory.take(6, 10);
    const large = memory.take(10, 10);
    const small = memory.take(1, 10);
    expect(await isSettled(small)).toBe(false);
    first.letGo(false);
    (await large).letGo(false);
    expect((await small).bytes.length).toBe(1);
  });

  it("is given beyond the budget to one alone, so that there is progress", async () => {
    const memory = new PartMemory();
    const first = await memory.take(1, 10);
    const large = memory.take(50, 10);
    expect(await isSettled(large)).toBe(false);
    first.letGo(false);
    expect((await large).bytes.length).toBe(50);
  });

  it("is used again for parts of the same size, while there are uploads", async () => {
    const memory = new PartMemory();
    const other = await memory.take(1, 10 * MIB);
    const first = await memory.take(MIB, 10 * MIB);
    first.letGo(true);
    const again = await memory.take(MIB, 10 * MIB);
    expect(again.bytes).toBe(first.bytes);
    again.letGo(true);
    other.letGo(true);
    expect(memory.heldBytes).toBe(0);
  });

  it("is not used again where a request may still hold it", async () => {
    const memory = new PartMemory();
    await memory.take(1, 10 * MIB);
    const first = await memory.take(MIB, 10 * MIB);
    first.letGo(false);
    expect((await memory.take(MIB, 10 * MIB)).bytes).not.toBe(first.bytes);
  });

  it("that was kept for later makes way for parts of another size", async () => {
    const memory = new PartMemory();
    await memory.take(1, 4 * MIB);
    const rooms = [await memory.take(MIB, 4 * MIB), await memory.take(MIB, 4 * MIB)];
    for (const room of rooms) room.letGo(true);
    await memory.take(3 * MIB, 4 * MIB);
    expect(memory.heldBytes).toBeLessThanOrEqual(4 * MIB);
  });

  it("is left to the others by whoever is aborted while waiting", async () => {
    const memory = new PartMemory();
    const first = await memory.take(10, 10);
    const leaving = new AbortController();
    const left = memory.take(10, 10, leaving.signal);
    const next = memory.take(4, 10);
    leaving.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    first.letGo(false);
    expect((await next).bytes.length).toBe(4);
    // One who is called and aborted at once gives back what was taken for him.
    const late = new AbortController();
    const called = memory.take(10, 10, late.signal);
    (await next).letGo(false);
    late.abort(new Error("late"));
    const outcome = await called.then(
      (room) => room.letGo(false),
      () => undefined,
    );
    expect(outcome).toBeUndefined();
    expect(memory.heldBytes).toBe(0);
  });

  it("never exceeds the budget, and never stops, whoever takes and leaves", async () => {
    const act = fc.record({ bytes: fc.integer({ min: 1, max: 12 }), leaves: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const memory = new PartMemory();
        let used = 0;
        await Promise.all(
          acts.map(async ({ bytes, leaves }) => {
            const caller = new AbortController();
            const taking = memory.take(bytes, 10, caller.signal);
            if (leaves) caller.abort(new Error("left"));
            const room = await taking.catch((): Room | undefined => undefined);
            if (room === undefined) return;
            used += bytes;
            expect(used).toBeLessThanOrEqual(Math.max(10, bytes));
            await Promise.resolve();
            used -= bytes;
            room.letGo(true);
          }),
        );
        expect(memory.heldBytes).toBe(0);
      }),
    );
  });
});

describe("the rooms of an upload", () => {
  it("are given back one by one, or all at the end", async () => {
    const memory = new PartMemory();
    {
      using rooms = new Rooms(memory, 100, undefined);
      const first = await rooms.make(10);
      await rooms.make(20);
      rooms.giveBack(first.subarray(0, 5));
      rooms.giveBack(first);
      rooms.giveBack(new Uint8Array(7));
      expect(memory.heldBytes).toBe(20);
    }
    expect(memory.heldBytes).toBe(0);
  });

  it("are not waited for any more at the end", async () => {
    const memory = new PartMemory();
    const other = await memory.take(8, 10);
    let waiting: Promise<Uint8Array>;
    {
      using rooms = new Rooms(memory, 10, undefined);
      waiting = rooms.make(5);
    }
    await expect(waiting).rejects.toThrow();
    other.letGo(false);
    expect(memory.heldBytes).toBe(0);
  });

  it("stand behind each other where they are made together, and go together", async () => {
    const memory = new PartMemory();
    using rooms = new Rooms(memory, 100, undefined);
    const make = rooms.together([10, 10]);
    const [first, second, third] = [await make(10), await make(10), await make(5)];
    expect(second.buffer).toBe(first.buffer);
    expect(second.byteOffset).toBe(10);
    expect(third.buffer).not.toBe(first.buffer);
    rooms.giveBack(first);
    expect(memory.heldBytes).toBe(25);
    rooms.giveBack(second);
    expect(memory.heldBytes).toBe(5);
  });
});
