import { ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { type Examination, examineStore } from "../../src/app/modules/examine-store.js";
import { configOf, sdkClient, type Way } from "./buckets.js";
import type { ServerAddress } from "./setup/server.js";

/** Where a store stands that takes the server for what the profile says. */
export function storeOf(way: Way, server: ServerAddress, bucket: string, profile: string): string {
  return way === "s3"
    ? `s3://${bucket}?region=${server.region}&endpoint=${server.endpoint}&profile=${profile}`
    : `minio://${new URL(server.endpoint).host}/${bucket}?tls=false&profile=${profile}`;
}

/** What a probe finds, and how many milliseconds all of it took. */
export async function examined(
  server: ServerAddress,
  store: string,
  encryption?: string,
): Promise<{ readonly found: Examination; readonly tookMs: number }> {
  const began = performance.now();
  const found = await examineStore({ store, encryption, ...configOf(server) }, {});
  return { found, tookMs: performance.now() - began };
}

export function problemsOf({ faults }: Examination): string[] {
  return faults.map(({ problem }) => problem);
}

/** All that a server holds in a bucket, as another client sees it. */
export async function left(server: ServerAddress, Bucket: string): Promise<unknown[]> {
  const client = sdkClient(server);
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  client.destroy();
  return [...Contents, ...Uploads];
}
