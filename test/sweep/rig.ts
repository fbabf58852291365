import "reflect-metadata";
import { Container } from "inversify";
import type { StowageConfig } from "../../src/app/config/config.js";
import { readSettings } from "../../src/app/config/settings.js";
import { CLOCK, SETTINGS, STORE, STOWAGE, stowageModule } from "../../src/app/modules/index.js";
import { openStore } from "../../src/app/modules/open-store.js";
import type { Stowage } from "../../src/app/stowage.js";
import type { StoreLimits } from "../../src/domain/upload-plan.js";
import type { Clock } from "../../src/ports/clock.js";
import type { OpenStore } from "../../src/ports/store.js";
import { stillClock } from "../app/scripted-store.js";
import type { Likeness } from "./routes.js";

/** Bytes of a part, and from which on a file goes up in parts. */
export const PART_BYTES = 1_024;
/** How often a request is sent, at most. */
export const ATTEMPTS = 3;

/** Parts so small that three of them are a few kilobytes. */
export const SMALL: StoreLimits = {
  maxObjectBytes: 20 * PART_BYTES,
  maxPutBytes: 10 * PART_BYTES,
  minPartBytes: PART_BYTES,
  maxPartBytes: 2 * PART_BYTES,
  maxParts: 10,
};

/** The stores that go over the wire, and the servers that they are meant for. */
export type StoreName = "S3 store" | "MinIO store";

export const LIKENESSES: Readonly<Record<StoreName, Likeness>> = {
  "S3 store": {
    bucket: "bucket",
    minPartBytes: PART_BYTES,
    pageSize: 2,
    confirmsUploads: true,
  },
  "MinIO store": {
    bucket: "bucket",
    minPartBytes: PART_BYTES,
    pageSize: 2,
    confirmsUploads: false,
  },
};

export interface Rig extends AsyncDisposable {
  readonly stowage: Stowage;
  /** Milliseconds of each wait, none of which is real. */
  readonly slept: readonly number[];
}

/** How a store is opened on the server of the sweep. */
export function configOf(name: StoreName, url: string): StowageConfig {
  return {
    store:
      name === "S3 store"
        ? `s3://bucket?region=us-east-1&endpoint=${url}&profile=aws`
        : `minio://${new URL(url).host}/bucket?tls=false&profile=minio`,
    s3Credentials: { accessKeyId: "access", secretAccessKey: "secret" },
    minioCredentials: { accessKey: "access", secretKey: "secret" },
  };
}

/**
 * Stowage as an application opens it, but for its clock, which stands still, so that no wait before a
 * request is sent again takes time. The limits of time are real.
 *
 * @param limits in place of the store's own.
 */
export async function openRig(config: StowageConfig, limits?: StoreLimits): Promise<Rig> {
  const all = { maxAttempts: ATTEMPTS, ...config };
  const settings = readSettings(all, {}, "/");
  const store = await openStore(settings);
  const clock = turningClock();
  const container = new Container();
  await container.load(stowageModule(all));
  (await container.rebind(CLOCK)).toConstantValue(clock);
  (await container.rebindAsync(STORE)).toConstantValue(limited(store, limits));
  if (limits !== undefined) {
    const { minPartBytes } = limits;
    const wishes = {
      thresholdBytes: minPartBytes,
      partBytes: minPartBytes,
      streamPartCapBytes: minPartBytes,
    };
    (await container.rebind(SETTINGS)).toConstantValue({ ...settings, wishes });
  }
  return {
    stowage: await container.getAsync(STOWAGE),
    slept: clock.slept,
    [Symbol.asyncDispose]: async () => {
      await container.unbindAllAsync();
      await store[Symbol.asyncDispose]();
    },
  };
}

function limited(store: OpenStore, limits = store.facts.limits): OpenStore {
  const facts = { ...store.facts, limits };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "facts") return facts;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** Stands still, and lets everything else have its turn while it is slept on. */
function turningClock(): Clock & { readonly slept: number[] } {
  const still = stillClock();
  return {
    ...still,
    sleep: async (ms, signal) => {
      await still.sleep(ms, signal);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
}
