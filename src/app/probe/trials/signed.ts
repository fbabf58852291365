import type { SignedRequest, UrlSigner } from "../../../ports/url-signer.js";
import type { Bench } from "../bench.js";
import type { FindingId, Seen } from "../findings.js";
import { HONOURED, ignored } from "../verdict.js";
import { bytesOf, md5Of, type Tell, type Trial } from "./trial.js";

const BYTES = bytesOf("what a browser reads and writes");
/** What a server answers to whoever shows a URL that is not good. */
const DENIALS: readonly number[] = [400, 401, 403];
const DAY_MS = 86_400_000;

const IDS: readonly FindingId[] = [
  "checksum.content-md5",
  "signed.get",
  "signed.put",
  "signed.expiry",
  "signed.needed",
];

/** URLs as they are given to browsers, used as browsers do. */
export function signedTrials(now: () => Date): readonly Trial[] {
  return [
    {
      ids: ["signed.get", "signed.expiry", "signed.needed"],
      run: (bench, tell) => withSigner(bench, tell, (signer) => reads(bench, tell, signer, now)),
    },
    {
      ids: ["signed.put"],
      run: (bench, tell) => withSigner(bench, tell, (signer) => writes(bench, tell, signer)),
    },
    {
      ids: ["checksum.content-md5"],
      run: (bench, tell) => withSigner(bench, tell, (signer) => digests(bench, tell, signer)),
    },
  ];
}

async function withSigner(
  { signer }: Bench,
  tell: Tell,
  run: (signer: UrlSigner) => Promise<void>,
): Promise<void> {
  if (signer !== undefined) return run(signer);
  for (const id of IDS) tell(id, { result: "refused" });
}

async function reads(bench: Bench, tell: Tell, signer: UrlSigner, now: () => Date): Promise<void> {
  const key = bench.key("signed");
  await bench.put(key, BYTES);
  const signed = await signer.signGet(key);
  const { status, bytes } = await bench.send(key, signed);
  if (status !== 200) {
    tell("signed.get", { result: "refused", detail: `the answer is ${status}` });
    const unknown: Seen = { result: "unknown", detail: "no signed URL is good at all" };
    tell("signed.expiry", unknown);
    tell("signed.needed", unknown);
    return;
  }
  tell("signed.get", bytes.equals(BYTES) ? HONOURED : ignored("other bytes come back"));
  const startsAt = new Date(now().getTime() - DAY_MS);
  const expired = await signer.signGet(key, { startsAt, expiresInSeconds: 60 });
  const bare = { ...signed, url: signed.url.replace(/\?.*$/, "") };
  const [late, unsigned] = await Promise.all([bench.send(key, expired), bench.send(key, bare)]);
  tell("signed.expiry", denialSeen(late.status));
  tell("signed.needed", denialSeen(unsigned.status));
}

async function writes(bench: Bench, tell: Tell, signer: UrlSigner): Promise<void> {
  const key = bench.key("signed-put");
  const signed: SignedRequest = await signer.signPut(key, { size: BYTES.length });
  const longer = await bench.send(key, signed, bytesOf("more bytes than were signed, and by far"));
  const { status } = await bench.send(key, signed, BYTES);
  if (status !== 200) tell("signed.put", { result: "refused", detail: `the answer is ${status}` });
  else if (longer.status < 300) tell("signed.put", ignored("any number of bytes is taken"));
  else {
    const read = await bench.get(key);
    tell("signed.put", read.equals(BYTES) ? HONOURED : ignored("other bytes come back"));
  }
}

/** Bytes whose `Content-MD5` is that of others: no store would send them, but a browser may. */
async function digests(bench: Bench, tell: Tell, signer: UrlSigner): Promise<void> {
  const upload = await bench.createUpload(bench.key("content-md5-part"));
  const key = bench.key("content-md5");
  const size = BYTES.length;
  const all = [await signer.signPut(key, { size }), await signer.signPart(upload, 1, { size })];
  for (const signed of all) {
    const send = (digest: string) =>
      bench.send(key, { ...signed, headers: { ...signed.headers, "content-md5": digest } }, BYTES);
    const damaged = await send(md5Of(bytesOf("what a browser reads, damaged")));
    if (damaged.status < 300) return tell("checksum.content-md5", ignored());
    const { status } = await send(md5Of(BYTES));
    if (status !== 200) {
      const detail = `the answer is ${status}`;
      return tell("checksum.content-md5", { result: "refused", detail });
    }
  }
  tell("checksum.content-md5", HONOURED);
}

function denialSeen(status: number): Seen {
  if (DENIALS.includes(status)) return HONOURED;
  if (status >= 200 && status < 300) return ignored();
  return { result: "unknown", detail: `the answer is ${status}` };
}
