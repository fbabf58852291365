import type { MakeRoom } from "../../ports/source.js";
import { Line } from "../line.js";

/** Bytes that the uploads of a process hold at once. */
export const MEMORY_BUDGET_BYTES = 268_435_456;
/** Smaller rooms are not kept for later: memory of that size costs less than the search for it. */
const LEAST_KEPT_BYTES = 1_048_576;

/** Memory for one piece, counted until it is let go of. */
export interface Room {
  readonly bytes: Uint8Array;
  /** @param reusable whether nobody reads or writes it any more. */
  letGo(reusable: boolean): void;
}

interface Wanted {
  readonly bytes: number;
  readonly limitBytes: number;
}

/**
 * The memory of the parts of all uploads, under one budget, and used again from part to part.
 *
 * Rooms are given in the order they were asked for, so that no upload starves. Whoever waits for one
 * holds none that is let go of only later: what is in flight comes back by itself. A room that is
 * larger than the budget is given when no other is in use, so that there is always progress.
 */
export class PartMemory {
  readonly #line = new Line<Wanted>();
  /** Rooms to be used again, by their size. */
  readonly #kept = new Map<number, Uint8Array[]>();
  #keptBytes = 0;
  #usedBytes = 0;

  /** Bytes in use and kept. */
  get heldBytes(): number {
    return this.#usedBytes + this.#keptBytes;
  }

  /**
   * Waits until there is room.
   *
   * @param limitBytes what all uploads may hold, as whoever asks is set up.
   * @throws the signal's reason.
   */
  async take(bytes: number, limitBytes: number, signal?: AbortSignal): Promise<Room> {
    signal?.throwIfAborted();
    if (this.#line.first === undefined && this.#fits({ bytes, limitBytes })) {
      this.#usedBytes += bytes;
    } else {
      await this.#line.wait({ bytes, limitBytes }, signal, (called) => {
        if (called) this.#usedBytes -= bytes;
        this.#next();
      });
    }
    return this.#room(bytes, limitBytes);
  }

  #fits({ bytes, limitBytes }: Wanted): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= limitBytes;
  }

  /** Lets those begin that have waited longest. */
  #next(): void {
    for (let { first } = this.#line; first !== undefined; first = this.#line.first) {
      if (!this.#fits(first)) return;
      this.#usedBytes += first.bytes;
      this.#line.callFirst();
    }
  }

  #room(size: number, limitBytes: number): Room {
    const kept = this.#kept.get(size)?.pop();
    if (kept !== undefined) this.#keptBytes -= size;
    else if (this.heldBytes > limitBytes) this.#forget();
    // Never from the pool that small buffers share, whose memory others hold.
    const bytes = kept ?? Buffer.allocUnsafeSlow(size);
    let held = true;
    return {
      bytes,
      letGo: (reusable) => {
        if (!held) return;
        held = false;
        this.#usedBytes -= size;
        if (reusable && size >= LEAST_KEPT_BYTES) this.#keep(bytes);
        if (this.#usedBytes === 0) this.#forget();
        this.#next();
      },
    };
  }

  #keep(bytes: Uint8Array): void {
    const same = this.#kept.get(bytes.length) ?? [];
    same.push(bytes);
    this.#kept.set(bytes.length, same);
    this.#keptBytes += bytes.length;
  }

  #forget(): void {
    this.#kept.clear();
    this.#keptBytes = 0;
  }
}

/** Shared by all that is opened in this process. */
export const partMemory: PartMemory = new PartMemory();

/** The rooms of one upload. */
export class Rooms {
  readonly #memory: PartMemory;
  readonly #limitBytes: number;
  readonly #signal: AbortSignal;
  readonly #ended = new AbortController();
  readonly #rooms = new Map<ArrayBufferLike, { readonly room: Room; pieces: number }>();

  constructor(memory: PartMemory, limitBytes: number, signal: AbortSignal | undefined) {
    this.#memory = memory;
    this.#limitBytes = limitBytes;
    const { signal: ended } = this.#ended;
    this.#signal = signal === undefined ? ended : AbortSignal.any([signal, ended]);
  }

  readonly make: MakeRoom = (bytes) => this.#take(bytes, 1);

  /** Whether so many bytes may be held at once, while nobody else holds any. */
  fits(bytes: number): boolean {
    return bytes <= this.#limitBytes;
  }

  /**
   * Makes one room for the first pieces, of these sizes, behind each other; from then on each has its
   * own. Pieces that are held until others have come must not wait for those with room in hand.
   */
  together(sizes: readonly number[]): MakeRoom {
    const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
    let room: Uint8Array | undefined;
    let given = 0;
    let at = 0;
    return async (bytes) => {
      if (given === sizes.length) return this.make(bytes);
      room ??= await this.#take(totalBytes, sizes.length);
      const piece = room.subarray(at, at + bytes);
      given += 1;
      at += bytes;
      return piece;
    };
  }

  /** Gives back the room of a piece that has been stored. Bytes that have no room are passed over. */
  giveBack(piece: Uint8Array): void {
    const held = this.#rooms.get(piece.buffer);
    if (held === undefined) return;
    held.pieces -= 1;
    if (held.pieces > 0) return;
    this.#rooms.delete(piece.buffer);
    held.room.letGo(true);
  }

  /**
   * Gives up all rooms, and waits for none any more. They are not used again: a request that was cut
   * off may still hold one.
   */
  [Symbol.dispose](): void {
    this.#ended.abort();
    for (const { room } of this.#rooms.values()) room.letGo(false);
    this.#rooms.clear();
  }

  async #take(bytes: number, pieces: number): Promise<Uint8Array> {
    const room = await this.#memory.take(bytes, this.#limitBytes, this.#signal);
    this.#rooms.set(room.bytes.buffer, { room, pieces });
    return room.bytes;
  }
}
