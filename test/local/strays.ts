import { afterEach, beforeEach, expect } from "vitest";
import { pause } from "./fixtures.js";

/**
 * Fails each test that leaves a rejection or an exception to nobody: either would end an application.
 * To be called once in a file, at its top.
 */
export function expectNoStrays(): void {
  const strays: unknown[] = [];
  const note = (reason: unknown): void => {
    strays.push(reason);
  };

  beforeEach(() => {
    strays.length = 0;
    process.on("unhandledRejection", note);
    process.on("uncaughtExceptionMonitor", note);
  });

  afterEach(async () => {
    await pause(5);
    process.off("unhandledRejection", note);
    process.off("uncaughtExceptionMonitor", note);
    expect(strays).toEqual([]);
  });
}
