/** Why a command was ended early: the reason of its signal. */
export class Interruption extends Error {
  override readonly name: string = "Interruption";
  /** 128 and the signal's number, as shells have it. */
  readonly exitCode: number;

  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`Interrupted by ${signal}`);
    this.exitCode = signal === "SIGINT" ? 130 : 143;
  }
}
