import type { Validity } from "../../domain/expiry.js";
import type { Signatory } from "./signing-wire.js";

export interface FormRequest {
  readonly bucket: string;
  /** Each to be sent just so. */
  readonly fields: Readonly<Record<string, string>>;
  /** Bytes of the file: least and most. */
  readonly range: readonly [number, number];
  readonly signatory: Signatory;
  readonly validity: Validity;
  readonly expiresAt: Date;
}

/**
 * The fields of a form but its signature, and what that is to be of: the policy in base64.
 *
 * Each field stands in the policy with its value, so that none can be changed, left out or added.
 */
export function formFields({
  bucket,
  fields,
  range,
  signatory,
  validity,
  expiresAt,
}: FormRequest): { readonly policy: string; readonly fields: Readonly<Record<string, string>> } {
  const { accessKey, region, sessionToken } = signatory;
  const at = amzDate(validity.startsAt);
  const signed = {
    ...fields,
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": `${accessKey}/${at.slice(0, 8)}/${region}/s3/aws4_request`,
    "x-amz-date": at,
    ...(sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken }),
  };
  const policy = {
    expiration: expiresAt.toISOString(),
    conditions: [
      ["eq", "$bucket", bucket],
      ...Object.entries(signed).map(([name, value]) => ["eq", `$${name}`, value]),
      ["content-length-range", ...range],
    ],
  };
  const encoded = Buffer.from(JSON.stringify(policy)).toString("base64");
  return { policy: encoded, fields: { ...signed, policy: encoded } };
}

/** An instant as Signature Version 4 writes it: `20251023T143045Z`. */
export function amzDate(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d{3}/g, "");
}
