import { quote, StowageError } from "./errors.js";

/** The MIME type of bytes of which nothing is known. */
export const DEFAULT_CONTENT_TYPE = "application/octet-stream";

/**
 * Checks a MIME type: printable ASCII, with no space at either end. What a server trims or refuses
 * would come back as another type than was put.
 *
 * @throws `invalid-argument`.
 */
export function checkContentType(contentType: string): void {
  if (/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(contentType)) return;
  throw new StowageError(
    "invalid-argument",
    `Cannot use content type ${quote(contentType)}: it is made of printable ASCII, and neither begins nor ends with a space`,
  );
}
