/** What signs URLs, in no SDK's terms. Nothing is sent. */
export interface SigningWire {
  /** Who signs. */
  signatory(): Promise<Signatory>;
  /** A URL by Signature Version 4: of method, host, path, query and every header given. */
  presign(request: UnsignedRequest): Promise<string>;
  /** The URL that forms are sent to, and the signature of a policy in base64. */
  signPolicy(policy: string, at: Date): Promise<SignedPolicy>;
}

export interface Signatory {
  readonly accessKey: string;
  readonly region: string;
  readonly sessionToken?: string | undefined;
  /** When temporary credentials end, where that is known. */
  readonly expiresAt?: Date | undefined;
}

export interface UnsignedRequest {
  readonly method: "GET" | "PUT";
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly at: Date;
  readonly expiresInSeconds: number;
}

export interface SignedPolicy {
  readonly url: string;
  /** Hexadecimal. */
  readonly signature: string;
}
