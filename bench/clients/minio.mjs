import http from "node:http";
import { Client } from "minio";
import { PART_BYTES, REGION, smallKey } from "../constants.mjs";

/** `minio`: `fPutObject` for files, `putObject` for the rest. It sends one part at a time. */
export function open({ endpoint, bucket, accessKey, secretKey }) {
  const { hostname, port } = new URL(endpoint);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
    region: REGION,
    partSize: PART_BYTES,
  });
  return {
    file: (path) => client.fPutObject(bucket, "bench.bin", path),
    stream: (stream) => client.putObject(bucket, "bench.bin", stream),
    small: (index, bytes) => client.putObject(bucket, smallKey(index), bytes, bytes.length),
    close: () => http.globalAgent.destroy(),
  };
}
