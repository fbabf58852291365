import { quote, StowageError } from "../../domain/errors.js";

/**
 * Checks a bucket's name: those of today, and those that Amazon S3 gave in its first years.
 *
 * @throws `invalid-config`.
 */
export function checkBucket(bucket: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket)) return;
  throw new StowageError(
    "invalid-config",
    `Cannot use bucket ${quote(bucket)}: a bucket's name is made of letters, digits, "-" and ".", at least 3 of them`,
    { operation: "open" },
  );
}

/**
 * Checks the URL of a server, and gives it without a slash at its end.
 *
 * @throws `invalid-config`, without what the URL may hold of credentials.
 */
export function endpointUrl(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const fault =
    url === undefined || !/^https?:$/.test(url.protocol)
      ? "is no URL of http or https, such as http://127.0.0.1:9000"
      : url.username !== "" || url.password !== ""
        ? "holds credentials, which do not belong in it"
        : url.search !== "" || url.hash !== ""
          ? 'has something behind "?" or "#"; leave it out'
          : undefined;
  if (fault === undefined) return endpoint.replace(/\/+$/, "");
  throw new StowageError("invalid-config", `Cannot use the endpoint: it ${fault}`, {
    operation: "open",
  });
}
