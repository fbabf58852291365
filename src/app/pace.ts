import { Line } from "./line.js";

/** A request's turn. */
export interface Turn {
  /** Ends it. `throttled` when the server asked for less. */
  leave(how: "done" | "failed" | "throttled"): void;
}

/**
 * How many requests are in flight at once: half as many whenever the server asks for less, and one
 * more each time that as many have gone well (additive increase, multiplicative decrease).
 */
export class Pace {
  readonly #most: number;
  readonly #line = new Line<true>();
  #limit: number;
  #inFlight = 0;
  /** How often it was slowed down: requests that were in flight then do not count twice. */
  #slowed = 0;

  constructor(most: number) {
    this.#most = most;
    this.#limit = most;
  }

  /** Requests that may be in flight. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** @throws the signal's reason, while waiting. */
  async enter(signal: AbortSignal | undefined): Promise<Turn> {
    if (this.#line.first === undefined && this.#inFlight < this.limit) {
      this.#inFlight += 1;
    } else {
      await this.#line.wait(true, signal, (called) => {
        if (called) this.#inFlight -= 1;
        this.#next();
      });
    }
    const slowed = this.#slowed;
    return {
      leave: (how) => {
        if (how === "throttled" && slowed === this.#slowed) this.#slowDown();
        if (how === "done") this.#limit = Math.min(this.#most, this.#limit + 1 / this.#limit);
        this.#inFlight -= 1;
        this.#next();
      },
    };
  }

  #slowDown(): void {
    this.#slowed += 1;
    this.#limit = Math.max(1, Math.min(this.#limit, this.#inFlight) / 2);
  }

  #next(): void {
    while (this.#line.first !== undefined && this.#inFlight < this.limit) {
      this.#inFlight += 1;
      this.#line.callFirst();
    }
  }
}

/** Requests of one client that are in flight at once, at the most: as many as it has connections. */
const MOST_IN_FLIGHT = 50;

/** A pace that no server has slowed down yet. */
export function unhurried(): Pace {
  return new Pace(MOST_IN_FLIGHT);
}
