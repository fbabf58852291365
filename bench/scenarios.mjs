import { MIB, SMALL_BYTES } from "./constants.mjs";

/** Every client by its id: how tables name it, its module, and how that is set up. */
export const CLIENTS = {
  s3: { title: "**Stowage, S3**", module: "stowage", adapter: "s3" },
  "s3-unsigned": {
    title: "**Stowage, S3, unsigned**",
    module: "stowage",
    adapter: "s3",
    settings: { payloadSigning: "never" },
  },
  minio: { title: "**Stowage, MinIO**", module: "stowage", adapter: "minio" },
  filesystem: { title: "**Stowage, directory**", module: "stowage", adapter: "filesystem" },
  "aws-sdk": {
    title: "`@aws-sdk/lib-storage`",
    smallTitle: "`@aws-sdk/client-s3`",
    module: "aws-sdk",
  },
  "minio-sdk": { title: "`minio`", module: "minio" },
  "files-sdk": { title: "files-sdk", module: "files-sdk" },
  opendal: { title: "OpenDAL", module: "opendal" },
  http: { title: "bare `http`", module: "http" },
  cp: { title: "`cp` + `fsync`", module: "cp" },
};

/** Bytes that a stream of unknown length may take in the process. */
export const STREAM_CAP_BYTES = 64 * MIB;

// Each stands beside the peers that its targets name: what else the machine does meets both alike.
const ALL = ["s3", "aws-sdk", "s3-unsigned", "opendal", "minio", "minio-sdk", "files-sdk", "http"];
// A server that keeps what it is sent takes no PUT without a signature.
const SIGNING = ALL.filter((client) => client !== "http");
const SMALL = ALL.filter((client) => client !== "s3-unsigned");

/**
 * What is measured. Sizes and counts are `[whole, quick]`; `settings` are added to those of Stowage.
 */
const PLAN = [
  { id: "discard-1gib", server: "discard", file: [1024, 64], of: ALL },
  { id: "discard-256mib", server: "discard", file: [256, 32], of: ALL },
  { id: "discard-4gib", server: "discard", sparse: [4096, 256], of: ["s3"] },
  {
    id: "discard-stream",
    server: "discard",
    stream: [512, 64],
    settings: { memoryBudgetBytes: STREAM_CAP_BYTES },
    of: SMALL,
  },
  { id: "discard-small", server: "discard", small: [2000, 200], of: SMALL },
  { id: "minio-1gib", server: "minio", file: [1024, 64], of: SIGNING },
  { id: "minio-256mib", server: "minio", file: [256, 32], of: SIGNING },
  {
    id: "minio-stream",
    server: "minio",
    stream: [512, 64],
    settings: { memoryBudgetBytes: STREAM_CAP_BYTES },
    of: SMALL.filter((client) => client !== "http"),
  },
  {
    id: "minio-small",
    server: "minio",
    small: [2000, 200],
    of: SMALL.filter((client) => client !== "http"),
  },
  {
    id: "directory-1gib",
    server: "directory",
    file: [1024, 64],
    of: ["filesystem", "cp"],
  },
];

/** The scenarios whose id holds `only`, at their whole or their quick size. */
export function scenarios(only, quick) {
  const pick = (pair) => pair?.[quick ? 1 : 0];
  return PLAN.filter(({ id }) => id.includes(only)).map(
    ({ file, sparse, stream, small, ...rest }) => {
      const mib = pick(file ?? sparse ?? stream);
      const count = pick(small);
      const kind = small ? "small" : stream ? "stream" : "file";
      const title = titleAs(kind, mib ?? count, sparse !== undefined);
      return { ...rest, title, kind, mib, count, sparse: sparse !== undefined };
    },
  );
}

function titleAs(kind, amount, sparse) {
  if (kind === "small") return `${amount.toLocaleString("en")} × ${SMALL_BYTES / 1024} KiB`;
  const size = amount < 1024 ? `${amount} MiB` : `${amount / 1024} GiB`;
  if (kind === "stream") return `a stream of unknown length, ${size}`;
  // Holes are slower to read than bytes.
  return `a file of ${size}${sparse ? ", of holes: for its memory, not its time" : ""}`;
}

/** What the tables call a client in a scenario. */
export function titleOf(client, { kind }) {
  const { title, smallTitle } = CLIENTS[client];
  return kind === "small" ? (smallTitle ?? title) : title;
}
