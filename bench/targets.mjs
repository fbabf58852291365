import { STREAM_CAP_BYTES } from "./scenarios.mjs";

const MB = 1_000_000;

/**
 * What is to be reached. `measure` is given a reader of the medians, and gives what was measured and
 * `limit` allows, or `undefined` where a scenario was left out.
 */
export const TARGETS = [
  ratio(
    "Discarding server, 1 GiB, signed + CRC-32: wall",
    "discard-1gib",
    "s3",
    "aws-sdk",
    "wall",
    0.5,
  ),
  ratio(
    "Discarding server, 1 GiB, signed + CRC-32: CPU",
    "discard-1gib",
    "s3",
    "aws-sdk",
    "cpu",
    0.5,
  ),
  ratio(
    "Discarding server, 1 GiB, unsigned + CRC-32: wall",
    "discard-1gib",
    "s3-unsigned",
    "opendal",
    "wall",
    1.1,
  ),
  ratio(
    "Discarding server, 1 GiB, unsigned + CRC-32: wall",
    "discard-1gib",
    "s3-unsigned",
    "aws-sdk",
    "wall",
    0.3,
  ),
  ratio("MinIO, 1 GiB, S3 adapter: wall", "minio-1gib", "s3", "aws-sdk", "wall", 0.6),
  ratio("MinIO, 1 GiB, MinIO adapter: wall", "minio-1gib", "minio", "minio-sdk", "wall", 0.5),
  peak("Peak memory, 1 GiB, S3 adapter", "discard-1gib", "s3", 130 * MB),
  peak("Peak memory, 1 GiB, MinIO adapter", "discard-1gib", "minio", 130 * MB),
  {
    title: "Peak memory, 256 MiB to 4 GiB, S3 adapter: apart by",
    limit: 10,
    unit: "MB",
    measure: (read) => {
      const ids = ["discard-256mib", "discard-1gib", "discard-4gib"];
      const peaks = ids.map((id) => read(id, "s3")?.peak);
      if (peaks.includes(undefined)) return undefined;
      return (Math.max(...peaks) - Math.min(...peaks)) / MB;
    },
  },
  peak(
    "Peak memory, stream under 64 MiB, S3 adapter",
    "discard-stream",
    "s3",
    STREAM_CAP_BYTES + 100 * MB,
  ),
  peak(
    "Peak memory, stream under 64 MiB, MinIO adapter",
    "discard-stream",
    "minio",
    STREAM_CAP_BYTES + 100 * MB,
  ),
  rate(
    "Small objects to the discarding server, S3 adapter: rate",
    "discard-small",
    "s3",
    "aws-sdk",
  ),
  rate(
    "Small objects to the discarding server, MinIO adapter: rate",
    "discard-small",
    "minio",
    "minio-sdk",
  ),
  rate("Small objects to MinIO, S3 adapter: rate", "minio-small", "s3", "aws-sdk"),
  rate("Small objects to MinIO, MinIO adapter: rate", "minio-small", "minio", "minio-sdk"),
  ratio("Directory, 1 GiB: wall", "directory-1gib", "filesystem", "cp", "wall", 1.25),
];

/** Paired: the median of the ratios of each round. */
function ratio(title, scenario, client, peer, measure, limit) {
  return {
    title,
    limit,
    peer,
    scenario,
    unit: "×",
    measure: (read) => read(scenario, client, peer)?.ratios?.[measure],
  };
}

function rate(title, scenario, client, peer) {
  return {
    title,
    limit: 0.95,
    atLeast: true,
    peer,
    scenario,
    unit: "×",
    measure: (read) => {
      const work = read(scenario, client, peer)?.ratios?.work;
      return work === undefined ? undefined : 1 / work;
    },
  };
}

function peak(title, scenario, client, limitBytes) {
  return {
    title,
    limit: Math.round(limitBytes / MB),
    unit: "MB",
    measure: (read) => {
      const bytes = read(scenario, client)?.peak;
      return bytes === undefined ? undefined : bytes / MB;
    },
  };
}

export function isMet({ limit, atLeast = false }, measured) {
  return atLeast ? measured >= limit : measured <= limit;
}
