import { NASTY } from "../../src/ports/contract/keys.js";

/** What covers one id of the superset of cases that storage libraries have. */
export interface Row {
  /** Cases of the contract. */
  readonly cases?: readonly string[];
  /** What of it is no matter of the port, and the test that holds it instead, if there is one. */
  readonly beyond?: string;
}

const STREAMS = "sources are opened above the port: test/local/streams.test.ts";
const VERSIONS = "versions of objects are not in the port";
const HEADERS = "of the headers beside the metadata the port has the content type alone";
const NO_KEY = "such names are no keys: test/domain/object-key.test.ts";

/** The superset by its own ids: P for put, G for get, and so on. */
export const SUPERSET: Readonly<Record<string, Row>> = {
  P01: { cases: ["P01", "P01-views", "P01-alias"], beyond: STREAMS },
  P02: { cases: ["P02"] },
  P03: { beyond: STREAMS },
  P04: { beyond: "the engine cuts streams into parts: test/app/upload-engine.test.ts" },
  P05: { cases: ["P05", "P05-threshold", "P05-parts"] },
  P06: { beyond: "a source that ends early is refused: test/local/files.test.ts" },
  P07: { beyond: "a source that grows is refused: test/local/files.test.ts" },
  P08: { cases: ["P08"] },
  P09: { cases: ["P09"] },
  P10: { cases: ["P10"] },
  P11: { cases: ["P11", "P11-again"] },
  P12: { cases: ["P12", "P12-stale", "P12-missing"] },
  P13: { cases: ["P13"] },
  P14: { cases: ["P14"] },
  P15: { cases: ["P15", "P16-part", "P17"] },
  P16: {
    cases: [
      "P16",
      "P16-uploads",
      "P16-any",
      "P16-body",
      "P16-body-midway",
      "P16-pages",
      "P16-flight",
      "P16-late",
    ],
    beyond: "the abort of a whole upload: test/app/upload-engine.test.ts",
  },
  P17: { cases: ["P17", "P17-others", "P17-race"] },
  P18: { beyond: "a source that fails: test/app/upload-engine.test.ts" },
  P19: { beyond: "a stream that is destroyed: test/local/streams.test.ts" },
  P20: {
    cases: ["P20", "P20-kinds", "P20-form", "P20-invalid", "P20-invalid-upload"],
    beyond: "a store guesses no type; the engine does: test/app/upload-engine.test.ts",
  },
  P21: { cases: ["P21", "P21-wrong", "P21-keeps"] },
  P22: { cases: ["P20-kinds", "U01"], beyond: HEADERS },
  P23: { cases: ["P23", "P21"], beyond: VERSIONS },
  P24: { beyond: NO_KEY },
  P25: { cases: ["P25"] },
  P26: { cases: ["P26", "P26-listed", "P26-uncovered"] },
  P27: { beyond: "64 MiB, by the command line on servers: test/servers/main-job.test.ts" },

  G01: { cases: ["P01", "P05"] },
  G02: { cases: ["G02", "G02-suffix", "G02-past", "G02-malformed"] },
  G03: { cases: ["G03"] },
  G04: { cases: ["G04"] },
  G05: { cases: ["G05", "H02"] },
  G06: { cases: ["G06"], beyond: "the port has no other condition on a get than an ETag" },
  G07: { cases: ["G07"] },
  G08: { cases: ["G08"], beyond: "sockets are counted: test/s3/network.test.ts" },
  G09: { beyond: "a matter of the time limits of a client: test/s3/network.test.ts" },
  G10: { cases: ["G10"] },
  G11: { cases: ["G11"] },
  G12: { beyond: VERSIONS },
  G13: { cases: ["G13", "G13-in-turns"] },
  G14: {
    beyond:
      "a store cannot be made to: test/s3/odd-answers.test.ts, and for whole downloads test/app/reading.test.ts",
  },
  G15: { cases: ["G15"] },
  G16: { cases: ["G16"], beyond: "sockets are counted: test/s3/network.test.ts" },

  H01: { cases: ["H01", "H01-later"] },
  H02: { cases: ["H02"] },
  H03: { cases: ["H02", "G07"] },
  H04: { beyond: "answers of a server are scripted: test/s3/answers.test.ts" },
  H05: { beyond: "the port has no exists(); a head tells not-found from all else" },
  H06: { cases: ["P21", "U21"] },

  D01: { cases: ["D01", "D01-again"] },
  D02: { cases: ["D02"] },
  D03: { cases: ["D03"] },
  D04: { cases: ["D04", "D04-there"] },
  D05: { beyond: "a sound server refuses no single key: test/s3/odd-answers.test.ts" },
  D06: { cases: ["D06", "D03"] },
  D07: { cases: ["D07"] },
  D08: { beyond: VERSIONS },
  D09: { cases: ["D09"], beyond: "the port deletes no prefixes" },
  D10: { cases: ["D10"] },

  L01: { cases: ["L01"] },
  L02: { cases: ["L02", "L02-many"] },
  L03: { cases: ["L02"] },
  L04: { cases: ["L04", "L04-user", "L04-odd"] },
  L05: { cases: ["L05", "L05-only"] },
  L06: { cases: ["L06", "L06-folded"] },
  L07: { cases: ["L07", "L07-folders"] },
  L08: { cases: ["L08", "L08-folded"] },
  L09: { cases: ["L09", "L09-deleted"] },
  L10: { cases: ["L10"] },
  L11: { cases: ["L11"] },
  L12: { beyond: "pages of a server are scripted: test/s3/odd-answers.test.ts" },
  L13: {
    beyond:
      "a name that ends in `/` is no key and is left out: test/s3/odd-answers.test.ts, test/filesystem/files.test.ts",
  },
  L14: { beyond: "pages of a server are scripted: test/s3/odd-answers.test.ts" },

  C01: { cases: ["C01", "C01-parts"] },
  C02: { cases: ["C02"] },
  C03: { cases: ["C03", "C03-match", "C03-stale", "C03-race"] },
  C04: { cases: ["C04"] },
  C05: { cases: ["C05"] },
  C06: { cases: ["C01"] },
  C07: { cases: ["C07"] },
  C08: { beyond: "the limit is lowered to see it: test/servers/s3/copies.test.ts" },
  C09: { beyond: "answers of a server are scripted: test/s3/odd-answers.test.ts" },
  C10: { beyond: "the port has no move" },
  C11: { beyond: "a store knows no users; the use cases do: test/app/reading.test.ts" },
  C12: { cases: ["C12"], beyond: "the header that sees to it: test/s3/requests.test.ts" },

  K01: { cases: [...Object.keys(NASTY).map((name) => `K01-${name}`), "K01-uploads"] },
  K02: { cases: ["K01-brackets", "K01-brackets-in-folders", "K01-spaces"] },
  K03: {
    cases: ["K01-emoji", "K01-percent-encoded", "K01-percent-broken", "K01-shell", "K05-encoded"],
  },
  K04: { cases: ["K04", "K05-widths"], beyond: "folding disks: test/filesystem/folding.test.ts" },
  K05: {
    cases: ["K05", "K05-spaces", "K05-trailing", "K05-dot", "K05-plus"],
    beyond: "folding disks: test/filesystem/folding.test.ts",
  },
  K06: { cases: ["K01-encoded-dots", "K01-leading-dot"], beyond: NO_KEY },
  K07: { cases: ["K07"], beyond: `1,025 bytes: ${NO_KEY}` },
  K08: { cases: ["K01-segment", "K01-segment-unicode"], beyond: `256 bytes: ${NO_KEY}` },
  K09: { cases: ["K01-windows", "K01-colon", "K01-trailing-dot"] },
  K10: { cases: ["K01-soap"] },
  K11: { cases: ["K01-utf-16-order", "K01-widest-character"], beyond: NO_KEY },
  K12: {
    cases: ["K13", "K14"],
    beyond: "properties: test/domain/upload-key.test.ts, test/filesystem/names.test.ts",
  },

  M01: { cases: ["P01", "H01"] },
  M02: { cases: ["M02", "M02-together"] },
  M03: { cases: ["M03", "M03-upload", "M03-no-io", "M03-no-io-upload"] },
  M04: { cases: ["M04"] },
  M05: { cases: ["M05", "M05-names", "M03"] },
  M06: { cases: ["M03"] },
  M07: { cases: ["M07", "M03-upload"] },
  M08: { beyond: HEADERS },

  U01: { cases: ["U01", "U01-replaces", "U01-some", "U01-alias"] },
  U02: { cases: ["U02", "U02-mixed", "W04-complete"] },
  U03: { cases: ["U03", "U03-race"] },
  U04: { cases: ["U04", "U04-order", "U04-small", "U14"] },
  U05: { cases: ["U05", "U05-part", "U05-list", "U05-second", "U05-race"] },
  U06: {
    cases: ["U06", "U06-last"],
    beyond: "10,000 parts take too long; the last number is tried",
  },
  U07: { beyond: "a property of the plan: test/domain/upload-plan.test.ts" },
  U08: { cases: ["U08"] },
  U09: { cases: ["U09", "U09-pages"] },
  U10: { beyond: "a property of the plan: test/domain/upload-plan.test.ts" },

  S01: {
    cases: ["S01", "S01-put", "S01-key", "S01-put-key"],
    beyond: "of the methods the port signs GET, PUT and POST",
  },
  S02: { cases: ["S02"] },
  S03: { cases: ["S03", "S03-expired", "S10-expired"] },
  S04: { cases: ["S04", "S04-told", "S01-key", "S05", "S15-other"] },
  S05: { cases: ["S05", "S05-less", "S05-size", "S05-checksum"] },
  S06: { cases: ["S06", "S06-without"] },
  S07: { beyond: "a store knows no users; the use cases do: test/app/signing.test.ts" },
  S08: { cases: ["S08", "S08-put"] },
  S09: { cases: ["S09", "S09-type", "S09-injection"] },
  S10: {
    cases: ["S10", "S10-size", "S10-fields", "S10-signature", "S10-added", "S10-filename"],
  },

  E01: { cases: ["E01", "E01-uploads"] },
  E02: { beyond: "a matter of opening a store: test/servers/s3/access.test.ts" },
  E03: { beyond: "a matter of opening a store: test/servers/s3/access.test.ts" },
  E04: { beyond: "answers of a server are scripted: test/s3/answers.test.ts" },
  E05: {
    beyond:
      "the port says nothing of a store that is closed: test/s3/network.test.ts, test/contract/leaves-nothing.test.ts",
  },
  E06: { beyond: "a matter of the process: test/contract/leaves-nothing.test.ts" },
  E07: {
    cases: ["E07", "E07-uploads", "E07-arguments"],
    beyond: "secrets: test/s3/secrets.test.ts; attempts: test/app/upload-engine.test.ts",
  },
  E08: { cases: ["E08-keys", "E08", "E08-complete"] },
  E09: {
    cases: [
      "E09-put",
      "E09-complete",
      "E09-copy",
      "E09-delete",
      "E09-AES256",
      "E09-aws:kms",
      "E09-uploads-AES256",
      "E09-uploads-aws:kms",
      "E09-sign-put",
      "E09-sign-AES256",
      "E09-sign-checksum",
    ],
  },
};

/** Promises of this port that the superset has no id for. */
export const OWN: Readonly<Record<string, readonly string[]>> = {
  "a write that is refused leaves what was there": [
    "W02",
    "W02-uploads",
    "W02-put",
    "W02-copy",
    "W02-complete",
    "W02-delete",
  ],
  "a write that has resolved is seen": ["W03", "W03-complete"],
  "one of two writes wins whole": ["W04", "W04-copy", "W04-complete"],
  "encryption is confirmed": ["P30-AES256", "P30-aws:kms", "U30-AES256", "U30-aws:kms"],
  "a delete of one version": ["D11", "D11-stale", "D11-missing"],
  "a checksum of a part, and of the whole": ["U11", "U11-told", "U21", "U21-wrong"],
  "parts sent from slices": ["U23", "U23-plain", "U23-wrong", "U24"],
  "conditions on complete": ["U12", "U12-match", "U12-stale", "U13", "U13-puts"],
  "a complete that is refused": ["U14", "U14-taken"],
  "to sign sends nothing": ["S11"],
  "what is signed is stored and read as by the store itself": ["S12", "S13", "S13-empty", "S14"],
  "signed parts": ["S15", "S15-size"],
  "lists of uploads": ["U20", "U20-key", "U22", "U22-refused"],
};
