import { openStowage } from "../../dist/index.js";
import { CONCURRENCY, PART_BYTES } from "../constants.mjs";

/** Stowage as an application opens it: the package as built, one adapter, by configuration alone. */
export async function open({ adapter, endpoint, bucket, accessKey, secretKey, settings = {} }) {
  const host = endpoint && new URL(endpoint).host;
  const stores = {
    s3: () => `s3://${bucket}?endpoint=${endpoint}&profile=minio`,
    minio: () => `minio://${host}/${bucket}?tls=false`,
    filesystem: () => `file://${settings.directory}`,
  };
  const { directory, ...others } = settings;
  const config = {
    store: stores[adapter](),
    partBytes: PART_BYTES,
    concurrency: CONCURRENCY,
    encryption: "none",
    ...others,
  };
  if (adapter === "s3") {
    config.s3Credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  }
  if (adapter === "minio") config.minioCredentials = { accessKey, secretKey };
  const stowage = await openStowage(config, {});
  const upload = (name, source) => stowage.uploadDataset({ userId: 12345, source, name });
  return {
    file: (path) => upload("bench.bin", path),
    stream: (stream) => upload("bench.bin", stream),
    small: (index, bytes) => upload(`small-${index}.bin`, bytes),
    close: () => stowage[Symbol.asyncDispose](),
  };
}
