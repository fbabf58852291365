import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Operator } from "opendal";
import { CONCURRENCY, PART_BYTES, REGION, smallKey } from "../constants.mjs";

/** OpenDAL, which is Rust: it leaves payloads unsigned, and sends no checksum unless told to. */
export function open({ endpoint, bucket, accessKey, secretKey }) {
  const operator = new Operator("s3", {
    root: "/",
    bucket,
    endpoint,
    region: REGION,
    access_key_id: accessKey,
    secret_access_key: secretKey,
    disable_config_load: "true",
    disable_ec2_metadata: "true",
  });
  const upload = async (stream) => {
    const options = { chunk: BigInt(PART_BYTES), concurrent: CONCURRENCY };
    const writer = await operator.writer("bench.bin", options);
    await pipeline(stream, writer.createWriteStream({ highWaterMark: PART_BYTES }));
  };
  return {
    file: (path) => upload(createReadStream(path, { highWaterMark: PART_BYTES })),
    stream: upload,
    small: (index, bytes) => operator.write(smallKey(index), bytes),
    close: () => {},
  };
}
