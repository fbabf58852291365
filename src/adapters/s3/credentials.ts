import type { S3Client } from "@aws-sdk/client-s3";
import { textOf } from "../s3-protocol/failure.js";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** When they end: a provider is then asked again. */
  readonly expiration?: Date | undefined;
}

export type Identity = Awaited<ReturnType<S3Client["config"]["credentials"]>>;

/** What the SDK signs with, which takes no `undefined` for what is missing, and anything for a key. */
export async function identityOf(
  credentials: S3Credentials | (() => Promise<S3Credentials>),
): Promise<Identity> {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } =
    typeof credentials === "function" ? await provided(credentials) : credentials;
  if (!accessKeyId || !secretAccessKey)
    throw noCredentials("the access key or its secret is empty");
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiration === undefined ? {} : { expiration }),
  };
}

async function provided(provider: () => Promise<S3Credentials>): Promise<S3Credentials> {
  try {
    return await provider();
  } catch (error) {
    throw noCredentials(`the provider of credentials failed: ${textOf(error)}`);
  }
}

/** Named as the SDK names what its own providers throw. */
function noCredentials(message: string): Error {
  const error = new Error(message);
  error.name = "CredentialsProviderError";
  return error;
}
