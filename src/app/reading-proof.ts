import { createHash, type Hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Checksum, type Crc64NvmeChecksum, crc32Checksum } from "../domain/checksum.js";
import type { Crc64Nvme } from "../domain/crc64nvme.js";
import type { ObjectInfo } from "../ports/object-store.js";
import { recordedSha256 } from "./upload-attributes.js";

/** Sums up the bytes of an object as they come, and holds them against all that was kept of them. */
export class ReadingProof {
  /** Of the bytes that have come so far. */
  bytes = 0;
  readonly #info: ObjectInfo;
  readonly #recorded: string | undefined;
  readonly #sha256: Hash | undefined;
  readonly #crc64: Crc64Nvme | undefined;
  #crc = 0;

  private constructor(info: ObjectInfo, crc64: Crc64Nvme | undefined) {
    this.#info = info;
    this.#crc64 = crc64;
    this.#recorded = recordedSha256(info.metadata);
    this.#sha256 = this.#recorded === undefined ? undefined : createHash("sha256");
  }

  /** What few objects need is loaded for those alone. */
  static async of(info: ObjectInfo): Promise<ReadingProof> {
    if (info.checksum?.algorithm !== "CRC64NVME") return new ReadingProof(info, undefined);
    const { Crc64Nvme } = await import("../domain/crc64nvme.js");
    return new ReadingProof(info, new Crc64Nvme());
  }

  /** Of the bytes that have come so far. */
  get checksum(): Checksum {
    return crc32Checksum(this.#crc);
  }

  /** That of the object, as it was recorded. */
  get sha256(): string | undefined {
    return this.#recorded;
  }

  /** Whether anything was kept to hold the bytes against. */
  get proves(): boolean {
    return this.#info.checksum !== undefined || this.#recorded !== undefined;
  }

  add(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc);
    this.#crc64?.add(bytes);
    this.#sha256?.update(bytes);
    this.bytes += bytes.length;
  }

  /** What is wrong with the bytes, now that all have come; `undefined` where nothing is. */
  fault(): string | undefined {
    const { size, checksum: kept } = this.#info;
    const { algorithm, value }: Checksum | Crc64NvmeChecksum =
      this.#crc64?.checksum ?? this.checksum;
    if (this.bytes !== size || (kept !== undefined && kept.value !== value)) {
      const came = `${this.bytes} bytes with ${algorithm} ${value} came`;
      return `${came}, and ${size} with ${kept?.value ?? "no checksum"} are stored`;
    }
    const sha256 = this.#sha256?.digest("hex");
    if (sha256 === this.#recorded) return undefined;
    return `${this.bytes} bytes with SHA-256 ${sha256} came, and ${this.#recorded} was recorded`;
  }
}
