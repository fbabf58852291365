import { describe, expect, it } from "vitest";
import { Pace, type Turn } from "../../src/app/pace.js";

async function enter(pace: Pace, turns: number): Promise<Turn[]> {
  return Promise.all(Array.from({ length: turns }, () => pace.enter(undefined)));
}

describe("the pace", () => {
  it("halves when the server asks for less: once for all that were in flight", async () => {
    const pace = new Pace(16);
    const turns = await enter(pace, 16);
    for (const turn of turns) turn.leave("throttled");
    expect(pace.limit).toBe(8);
    const [turn] = await enter(pace, 8);
    turn?.leave("throttled");
    expect(pace.limit).toBe(4);
  });

  it("counts from what is in flight, which may be less than it might be", async () => {
    const pace = new Pace(50);
    const [turn] = await enter(pace, 4);
    turn?.leave("throttled");
    expect(pace.limit).toBe(2);
  });

  it("rises by one whenever as many requests have gone well, up to the most", async () => {
    const pace = new Pace(4);
    const turns = await enter(pace, 4);
    for (const turn of turns) turn.leave("throttled");
    expect(pace.limit).toBe(2);
    const went = async (): Promise<void> => (await enter(pace, 1))[0]?.leave("done");
    await went();
    expect(pace.limit).toBe(2);
    for (let request = 2; request <= 3; request++) await went();
    expect(pace.limit).toBe(3);
    for (let request = 0; request < 100; request++) await went();
    expect(pace.limit).toBe(4);
  });

  it("never falls below one, nor by failures that are not the pace's", async () => {
    const pace = new Pace(4);
    for (let request = 0; request < 10; request++) {
      (await enter(pace, 1))[0]?.leave("throttled");
    }
    expect(pace.limit).toBe(1);
    const calm = new Pace(4);
    (await enter(calm, 1))[0]?.leave("failed");
    expect(calm.limit).toBe(4);
  });

  it("lets wait who comes too many, in order, and lets go who leaves", async () => {
    const pace = new Pace(1);
    const [first] = await enter(pace, 1);
    const came: number[] = [];
    const leaving = new AbortController();
    const waiting = [1, 2, 3].map(async (number) => {
      const turn = await pace.enter(number === 2 ? leaving.signal : undefined);
      came.push(number);
      turn.leave("done");
    });
    leaving.abort(new Error("left"));
    await expect(waiting[1]).rejects.toThrow("left");
    first?.leave("done");
    await Promise.all([waiting[0], waiting[2]]);
    expect(came).toEqual([1, 3]);
  });
});
