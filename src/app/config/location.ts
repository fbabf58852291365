import { isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { quote } from "../../domain/errors.js";

/** How a server is taken: for one of those known, or, by `probe`, for what it is found to be. */
export type ServerProfile = (typeof SERVER_PROFILES)[number];

export const SERVER_PROFILES = [
  "aws",
  "minio",
  "localstack",
  "versity",
  "ceph",
  "generic",
  "probe",
] as const;

/** Where a store is, taken apart. */
export type StoreLocation =
  | { readonly kind: "filesystem"; readonly directory: string }
  | { readonly kind: "memory" }
  | {
      readonly kind: "s3";
      readonly bucket: string;
      readonly region: string | undefined;
      readonly endpoint: string | undefined;
      readonly publicEndpoint: string | undefined;
      readonly pathStyle: boolean | undefined;
      readonly profile: ServerProfile | undefined;
    }
  | {
      readonly kind: "minio";
      readonly endpoint: string;
      readonly publicEndpoint: string | undefined;
      readonly bucket: string;
      readonly region: string | undefined;
      readonly profile: ServerProfile | undefined;
    };

/** A location, or what is wrong with it: the end of a sentence, and the text as it may be shown. */
export type ReadLocation =
  | { readonly location: StoreLocation }
  | { readonly fault: string; readonly shown: string };

const FORMS =
  "use ./dir or file:///dir, memory:, s3://bucket?region=…&endpoint=…&pathStyle=…&profile=… or minio://host:port/bucket?tls=…&profile=…";

const CREDENTIALS =
  "seems to hold credentials, which do not belong in a location; S3 takes them from the SDK's provider chain (AWS_ACCESS_KEY_ID, AWS_PROFILE, …), MinIO from MINIO_ACCESS_KEY and MINIO_SECRET_KEY";

/** Reads a store's location. A relative directory is taken from `cwd`. */
export function readLocation(text: string, cwd: string): ReadLocation {
  const shown = withoutSecrets(text);
  const fault = (why: string): ReadLocation => ({ fault: why, shown });
  if (text === "memory:") return { location: { kind: "memory" } };
  if (/^\.{0,2}\/|^\.{1,2}$/.test(text) || (isAbsolute(text) && !text.includes("://"))) {
    if (text.includes("\0")) return fault("holds a NUL character");
    return { location: { kind: "filesystem", directory: resolve(cwd, text) } };
  }
  const url = parseUrl(text);
  const known = /^(?:s3|minio|file):\/\//i.test(text);
  if (url === undefined || !known) {
    if (/@|%40/i.test(text)) return fault(CREDENTIALS);
    return fault(`is of no known form; ${FORMS}${bareWordHint(text)}`);
  }
  if (url.username !== "" || url.password !== "") {
    return fault(CREDENTIALS);
  }
  if (url.hash !== "") return fault('holds a "#", which means nothing here; leave it out');
  if (url.protocol === "file:") return readFile(url, fault);
  return url.protocol === "s3:" ? readS3(url, fault) : readMinio(url, fault);
}

type Fault = (why: string) => ReadLocation;

function readFile(url: URL, fault: Fault): ReadLocation {
  if (url.search !== "")
    return fault("is a folder and takes no settings; leave out what follows ?");
  try {
    return { location: { kind: "filesystem", directory: fileURLToPath(url) } };
  } catch {
    return fault("names a folder of another machine; use file:///path, with three slashes");
  }
}

function readS3(url: URL, fault: Fault): ReadLocation {
  const bucket = url.host;
  const wrong =
    bucketFault(bucket) ??
    pathFault(url, "datasetsPrefix and modelsPrefix") ??
    queryFault(url, ["region", "endpoint", "publicEndpoint", "pathStyle", "profile"]) ??
    endpointFault(url, "endpoint") ??
    endpointFault(url, "publicEndpoint");
  if (wrong !== undefined) return fault(wrong);
  const pathStyle = flag(url, "pathStyle");
  if (pathStyle === "wrong") return fault("has a pathStyle that is neither true nor false");
  const profile = profileOf(url);
  if (profile === "wrong") return fault(unknownProfile(url));
  return {
    location: {
      kind: "s3",
      bucket,
      region: url.searchParams.get("region") ?? undefined,
      endpoint: url.searchParams.get("endpoint") ?? undefined,
      publicEndpoint: url.searchParams.get("publicEndpoint") ?? undefined,
      pathStyle,
      profile,
    },
  };
}

function readMinio(url: URL, fault: Fault): ReadLocation {
  const [, bucket = "", ...rest] = url.pathname.split("/");
  if (url.host === "") return fault("names no host; use minio://host:port/bucket");
  if (bucket === "") return fault("names no bucket; use minio://host:port/bucket");
  const wrong =
    bucketFault(bucket) ??
    (rest.join("") === "" ? undefined : "has a path after the bucket; leave it out") ??
    queryFault(url, ["tls", "publicEndpoint", "region", "profile"]) ??
    endpointFault(url, "publicEndpoint");
  if (wrong !== undefined) return fault(wrong);
  const tls = flag(url, "tls");
  if (tls === "wrong") return fault("has a tls that is neither true nor false");
  const profile = profileOf(url);
  if (profile === "wrong") return fault(unknownProfile(url));
  return {
    location: {
      kind: "minio",
      endpoint: `${tls === false ? "http" : "https"}://${url.host}`,
      publicEndpoint: url.searchParams.get("publicEndpoint") ?? undefined,
      bucket,
      region: url.searchParams.get("region") ?? undefined,
      profile,
    },
  };
}

/** The rules of Amazon S3 for names of general purpose buckets. */
function bucketFault(bucket: string): string | undefined {
  if (bucket === "") return "names no bucket; use s3://bucket";
  const good =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) &&
    !bucket.includes("..") &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(bucket);
  return good
    ? undefined
    : `names the bucket ${quote(bucket)}; a bucket's name has 3 to 63 of a-z, 0-9, "-" and ".", and begins and ends with a letter or a digit`;
}

function pathFault(url: URL, instead: string): string | undefined {
  if (url.pathname === "" || url.pathname === "/") return undefined;
  return `has a path after the bucket; leave it out, and set prefixes by ${instead}`;
}

function queryFault(url: URL, known: readonly string[]): string | undefined {
  for (const name of url.searchParams.keys()) {
    if (!known.includes(name)) {
      return `has the unknown setting ${quote(name)}; known are ${known.join(", ")}`;
    }
    if (url.searchParams.getAll(name).length > 1) return `gives ${quote(name)} twice`;
    if (url.searchParams.get(name) === "") return `gives ${quote(name)} no value`;
  }
  return undefined;
}

function endpointFault(
  { searchParams }: URL,
  name: "endpoint" | "publicEndpoint",
): string | undefined {
  const endpoint = searchParams.get(name);
  return endpoint === null ? undefined : urlFault(endpoint, name);
}

/** What is wrong with the URL of a server, as the end of a sentence. */
function urlFault(endpoint: string, name: string): string | undefined {
  const url = parseUrl(endpoint);
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return /@|%40/i.test(endpoint)
      ? CREDENTIALS
      : `has the ${name} ${quote(endpoint)}; use http://host:port or https://host:port`;
  }
  if (url.username !== "" || url.password !== "") {
    return CREDENTIALS;
  }
  if (url.search !== "" || url.hash !== "" || !["", "/"].includes(url.pathname)) {
    return `has a path in its ${name}; use http://host:port or https://host:port`;
  }
  return undefined;
}

/** The variables of the AWS SDKs for the endpoint of S3, the one that wins first. */
const ENDPOINT_VARIABLES = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"] as const;

/**
 * A location on S3 that names no endpoint, with the one that the environment has. Left to the SDK, it
 * would be taken for Amazon S3, and be trusted to keep promises that other servers do not make.
 */
export function withEndpointOf(
  env: Readonly<Record<string, string | undefined>>,
  location: StoreLocation,
): ReadLocation {
  if (location.kind !== "s3" || location.endpoint !== undefined) return { location };
  if (/^true$/i.test(env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] ?? "")) return { location };
  for (const name of ENDPOINT_VARIABLES) {
    const endpoint = env[name];
    if (endpoint === undefined || endpoint === "") continue;
    const fault = urlFault(endpoint, name);
    if (fault !== undefined) return { fault, shown: `s3://${location.bucket}` };
    return { location: { ...location, endpoint } };
  }
  return { location };
}

function flag(url: URL, name: string): boolean | undefined | "wrong" {
  const value = url.searchParams.get(name);
  if (value === null) return undefined;
  return value === "true" ? true : value === "false" ? false : "wrong";
}

function profileOf(url: URL): ServerProfile | undefined | "wrong" {
  const value = url.searchParams.get("profile");
  return value === null ? undefined : (SERVER_PROFILES.find((name) => name === value) ?? "wrong");
}

function unknownProfile(url: URL): string {
  const known = SERVER_PROFILES.filter((name) => name !== "probe").join(", ");
  return `has the unknown profile ${quote(url.searchParams.get("profile"))}; known are ${known}, and probe, which finds out what the server does`;
}

/** How the server of a location is taken: as it says, else as goes for its kind. */
export function serverProfile(location: StoreLocation): ServerProfile | undefined {
  switch (location.kind) {
    case "s3":
      return location.profile ?? (location.endpoint === undefined ? "aws" : "generic");
    case "minio":
      return location.profile ?? "minio";
    default:
      return undefined;
  }
}

/**
 * Names a store among those of all servers: two buckets of one name on two servers are two stores,
 * and one bucket is one store, whichever SDK reaches it. `undefined` for one that ends with the process.
 */
export function storeName(location: StoreLocation): string | undefined {
  switch (location.kind) {
    case "memory":
      return undefined;
    case "filesystem":
      return pathToFileURL(location.directory).href;
    default: {
      const { endpoint, bucket } = location;
      const server = endpoint === undefined ? "https://s3.amazonaws.com" : new URL(endpoint).href;
      return `${server.replace(/\/+$/, "")}/${bucket}`;
    }
  }
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function bareWordHint(text: string): string {
  return /^[\w.-]+$/.test(text)
    ? `, such as ./${text} for a folder or s3://${text} for a bucket`
    : "";
}

/** The settings of locations that hold no secret. */
const OPEN_SETTINGS = ["region", "endpoint", "publicEndpoint", "pathStyle", "profile", "tls"];

/**
 * A location with whatever may be a secret blotted out. A secret may itself hold `/`, `?`, `@` or `:`,
 * so of a text with an `@`, plain or percent-encoded, the scheme alone is shown.
 */
function withoutSecrets(text: string): string {
  if (/@|%40/i.test(text)) return text.replace(/^([a-z][a-z0-9+.-]*:(?:\/\/)?)?.*$/is, "$1***");
  const [base = "", ...query] = text.split("?");
  if (query.length === 0) return text;
  const settings = query.join("?").split("&");
  const shown = settings.map((setting) => {
    const [name = ""] = setting.split("=");
    return OPEN_SETTINGS.includes(name) ? setting : `${name}=***`;
  });
  return `${base}?${shown.join("&")}`;
}
