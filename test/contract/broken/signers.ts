import { StowageError } from "../../../src/domain/errors.js";
import type { ObjectKey } from "../../../src/domain/object-key.js";
import type { Upload } from "../../../src/ports/multipart-store.js";
import type { StoreFacts } from "../../../src/ports/object-store.js";
import type {
  SignerHonours,
  SignGetOptions,
  SignPartOptions,
  SignPostOptions,
  SignPutOptions,
} from "../../../src/ports/url-signer.js";
import { type Check, SigningStore } from "../signing-store.js";
import { type BrokenStore, declaring } from "./broken-store.js";

/** A store whose server does not look at something. */
function overlooking(...checks: readonly Check[]): BrokenStore["store"] {
  return class extends SigningStore {
    override get ignored(): readonly Check[] {
      return checks;
    }
  };
}

export const brokenSigners: readonly BrokenStore[] = [
  {
    fault: "looks for the object before it signs",
    caughtBy: ["S11"],
    store: class extends SigningStore {
      override readonly facts: StoreFacts = declaring({}, { bucket: "bucket" });
      override async signGet(key: ObjectKey, options?: SignGetOptions) {
        await this.head(key);
        return super.signGet(key, options);
      }
    },
  },
  {
    fault: "lets a URL be used with any method",
    caughtBy: ["S01", "S01-put"],
    store: overlooking("method", "size"),
  },
  {
    fault: "lets a URL be used for any key",
    caughtBy: ["S01-key", "S01-put-key"],
    store: overlooking("key"),
  },
  {
    fault: "asks for no signature",
    caughtBy: ["S02"],
    store: overlooking("signature"),
  },
  {
    fault: "signs none of the parameters",
    caughtBy: ["S04", "S04-told"],
    store: overlooking("query"),
  },
  {
    fault: "signs for as long as one likes",
    caughtBy: ["S03"],
    store: class extends SigningStore {
      override async signGet(key: ObjectKey, options: SignGetOptions = {}) {
        const { expiresInSeconds: _, ...others } = options;
        return super.signGet(key, others);
      }
    },
  },
  {
    fault: "lets a URL be used when it has expired",
    caughtBy: ["S03-expired", "S10-expired"],
    store: overlooking("expiry"),
  },
  {
    fault: "signs another key for one that is odd",
    caughtBy: ["S08", "S08-put"],
    store: class extends SigningStore {
      override async signGet(key: ObjectKey, options?: SignGetOptions) {
        return super.signGet(decodedOnce(key), options);
      }
      override async signPut(key: ObjectKey, options: SignPutOptions) {
        return super.signPut(decodedOnce(key), options);
      }
    },
  },
  {
    fault: "gives the bytes as a page, whatever they are",
    caughtBy: ["S12"],
    store: class extends SigningStore {
      override async signGet(key: ObjectKey, options?: SignGetOptions) {
        return super.signGet(key, { contentType: "text/html", ...options });
      }
    },
  },
  {
    fault: "drops the file name and the type that are to be told",
    caughtBy: ["S09", "S09-type"],
    store: class extends SigningStore {
      override async signGet(key: ObjectKey, { expiresInSeconds, startsAt }: SignGetOptions = {}) {
        return super.signGet(key, { expiresInSeconds, startsAt });
      }
    },
  },
  {
    fault: "puts a file name into a header as it is",
    caughtBy: ["S09", "S09-injection"],
    store: class extends SigningStore {
      override disposed(kind: "inline" | "attachment", filename: string | undefined) {
        return filename === undefined ? kind : `${kind}; filename="${latin(filename)}"`;
      }
    },
  },
  {
    fault: "signs a PUT without its content type and metadata",
    caughtBy: ["S05", "S05-less"],
    store: overlooking("headers"),
  },
  {
    fault: "stores what is put by a URL without its type and metadata",
    caughtBy: ["S13"],
    store: class extends SigningStore {
      override async signPut(key: ObjectKey, { contentType, metadata, ...others }: SignPutOptions) {
        return super.signPut(key, others);
      }
    },
  },
  {
    fault: "lets a URL put any number of bytes",
    caughtBy: ["S05-size", "S15-size"],
    store: overlooking("size"),
  },
  {
    fault: "verifies no checksum that was signed",
    caughtBy: ["S05-checksum"],
    store: overlooking("checksum"),
  },
  {
    fault: "drops the condition of a signed PUT",
    caughtBy: ["S06"],
    store: overlooking("condition"),
  },
  {
    fault: "lets the condition of a signed PUT be left out",
    caughtBy: ["S06-without"],
    store: overlooking("headers"),
  },
  {
    fault: "says that it encrypts what is put by a URL, and does not",
    caughtBy: ["S14"],
    store: class extends SigningStore {
      override readonly facts: StoreFacts = declaring({ encryption: ["AES256"] });
    },
  },
  {
    fault: "drops the type and the metadata of a form",
    caughtBy: ["S10", "S10-fields"],
    store: class extends SigningStore {
      override async signPost(
        key: ObjectKey,
        { contentType, metadata, ...others }: SignPostOptions,
      ) {
        return super.signPost(key, others);
      }
    },
  },
  {
    fault: "takes a file of any size by a form",
    caughtBy: ["S10-size"],
    store: overlooking("range"),
  },
  {
    fault: "takes a form with other fields than were signed",
    caughtBy: ["S10-fields", "S10-signature", "S10-added"],
    store: overlooking("fields", "key", "signature"),
  },
  {
    fault: "takes a form with one field more",
    caughtBy: ["S10-added"],
    store: overlooking("fields"),
  },
  {
    fault: "signs a form whose key a server would change",
    caughtBy: ["S10-filename"],
    store: class extends SigningStore {
      override async signPost(key: ObjectKey, options: SignPostOptions) {
        return super.signPost(key.replace(/\$\{filename\}/, "name") as ObjectKey, options);
      }
    },
  },
  {
    fault: "signs each part as the first",
    caughtBy: ["S15"],
    store: class extends SigningStore {
      override async signPart(upload: Upload, _: number, options: SignPartOptions) {
        return super.signPart(upload, 1, options);
      }
    },
  },
  {
    fault: "lets a part be sent to another upload",
    caughtBy: ["S15-other"],
    store: overlooking("signature"),
  },
  {
    fault: "signs a condition that it says it does not honour",
    caughtBy: ["E09-sign-put"],
    store: class extends SigningStore {
      override readonly facts: StoreFacts = declaring({ conditions: { put: false } });
      override async signPut(key: ObjectKey, { when, ...others }: SignPutOptions) {
        return super.signPut(key, others);
      }
    },
  },
  {
    fault: "signs an encryption that it says it does not honour",
    caughtBy: ["E09-sign-AES256"],
    store: class extends SigningStore {
      override async signPut(key: ObjectKey, { encryption, ...others }: SignPutOptions) {
        return super.signPut(key, others);
      }
    },
  },
  {
    fault: "signs a checksum that it says it does not honour",
    caughtBy: ["E09-sign-checksum"],
    store: class extends SigningStore {
      override signs(): SignerHonours {
        return { checksums: false };
      }
      override async signPut(key: ObjectKey, { checksum, ...others }: SignPutOptions) {
        return super.signPut(key, others);
      }
    },
  },
];

function decodedOnce(key: ObjectKey): ObjectKey {
  try {
    return decodeURIComponent(key) as ObjectKey;
  } catch (error) {
    throw new StowageError("unexpected", String(error));
  }
}

/** What Node lets into a header. */
function latin(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, "?");
}
