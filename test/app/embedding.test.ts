import "reflect-metadata";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Container, type ServiceIdentifier } from "inversify";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openMemoryStore } from "../../src/adapters/memory/index.js";
import { openMinioStore } from "../../src/adapters/minio/index.js";
import { STORE, STOWAGE, stowageModule } from "../../src/app/modules/index.js";
import { openStowage } from "../../src/app/modules/open-stowage.js";
import type { Stowage } from "../../src/app/stowage.js";

/** What a larger application has of its own: a service that is given Stowage. */
interface Reports {
  readonly stowage: Stowage;
}
const REPORTS: ServiceIdentifier<Reports> = Symbol("Reports");

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stowage-embedding-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function application(store?: string, env = {}): Promise<Container> {
  const container = new Container();
  await container.load(stowageModule({ store }, env));
  container
    .bind(REPORTS)
    .toResolvedValue((stowage): Reports => ({ stowage }), [STOWAGE])
    .inSingletonScope();
  return container;
}

it("is injected into a larger container, as one instance, and closed with it", async () => {
  const container = await application(`file://${folder}`);
  const reports = await container.getAsync<Reports>(REPORTS);
  expect(reports.stowage).toBe(await container.getAsync(STOWAGE));
  const source = new TextEncoder().encode("a,b\n");
  const { uri } = await reports.stowage.uploadDataset({ userId: 1, source, name: "r.csv" });
  expect(uri).toMatch(/^file:\/\/\//);
  await container.unbindAllAsync();
});

it("swaps S3 for MinIO by one rebind", async () => {
  const container = await application("s3://bucket?region=eu-central-1");
  const options = { endpoint: "http://127.0.0.1:9", bucket: "b-1", accessKey: "a", secretKey: "s" };
  await using minio = openMinioStore(options);
  (await container.rebindAsync(STORE)).toConstantValue(minio);
  const { stowage } = await container.getAsync<Reports>(REPORTS);
  expect(stowage.store.facts.kind).toBe("minio");
});

it("swaps S3 for MinIO by one variable", async () => {
  const env = { MINIO_ACCESS_KEY: "a", MINIO_SECRET_KEY: "s" };
  for (const [location, kind] of [
    ["s3://bucket?region=eu-central-1", "s3"],
    ["minio://127.0.0.1:9/bucket?tls=false", "minio"],
  ]) {
    const container = await application(undefined, { ...env, STOWAGE_STORE: location });
    const { stowage } = await container.getAsync<Reports>(REPORTS);
    expect(stowage.store.facts.kind).toBe(kind);
    await container.unbindAllAsync();
  }
});

it("works on a store of the application's own, put in its place", async () => {
  const container = await application("s3://bucket");
  await using own = openMemoryStore();
  (await container.rebindAsync(STORE)).toConstantValue(own);
  const { stowage } = await container.getAsync<Reports>(REPORTS);
  expect(stowage.store).toBe(own);
});

it("opens through the plain door, and closes what it opened", async () => {
  await using stowage = await openStowage({ store: folder }, {});
  const source = new TextEncoder().encode("a,b\n");
  const { key } = await stowage.uploadDataset({ userId: 1, source, name: "r.csv" });
  expect(await stowage.info({ userId: 1, object: key })).toMatchObject({ size: 4 });
});

it("refuses a wrong configuration before anything is bound", async () => {
  await expect(openStowage({ store: "nowhere" }, {})).rejects.toMatchObject({
    code: "invalid-config",
  });
});
