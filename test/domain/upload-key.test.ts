import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StowageError } from "../../src/domain/errors.js";
import { isObjectKey } from "../../src/domain/object-key.js";
import { type OwnerId, ownerId, ownerPrefix } from "../../src/domain/owner.js";
import {
  checkRoot,
  parseUploadKey,
  timestamp,
  type UploadKeyParts,
  uploadKey,
} from "../../src/domain/upload-key.js";

const owners = fc.oneof(
  fc.nat({ max: Number.MAX_SAFE_INTEGER }).map(ownerId),
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,40}$/).map(ownerId),
);
const filenames = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
    fc.constantFrom("_", "-2_x", "user_1", "20251023_143045_x.csv", "データ.csv", "a b+c%2F.csv"),
  )
  .filter((name) => isObjectKey(name) && !name.includes("/"));
const instants = fc.date({
  min: new Date("1970-01-01T00:00:00Z"),
  max: new Date("9999-12-31T23:59:59Z"),
  noInvalidDate: true,
});
const parts: fc.Arbitrary<UploadKeyParts> = fc.record({
  root: fc.constantFrom("datasets", "models", "team/data"),
  owner: owners,
  at: instants.map((at) => new Date(Math.floor(at.getTime() / 1000) * 1000)),
  filename: filenames,
  attempt: fc.integer({ min: 1, max: 1000 }),
});

describe("uploadKey", () => {
  it("makes the key of the README", () => {
    const at = new Date("2025-10-23T14:30:45.999Z");
    const of = { root: "datasets", owner: ownerId(12345), at, filename: "housing_data.csv" };
    expect(uploadKey({ ...of, attempt: 1 })).toBe(
      "datasets/user_12345/20251023_143045_housing_data.csv",
    );
    expect(uploadKey({ ...of, attempt: 2 })).toBe(
      "datasets/user_12345/20251023_143045-2_housing_data.csv",
    );
  });

  it("is reversible", () => {
    fc.assert(
      fc.property(parts, (given) => {
        expect(parseUploadKey(uploadKey(given))).toEqual(given);
      }),
    );
  });

  it("is injective: different parts make different keys", () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(uploadKey(a) === uploadKey(b)).toBe(same);
      }),
    );
  });

  it("stays inside its owner's prefix and outside every other's", () => {
    fc.assert(
      fc.property(parts, owners, (given, other) => {
        const key = uploadKey(given);
        expect(key.startsWith(ownerPrefix(given.root, given.owner))).toBe(true);
        if (other !== given.owner) {
          expect(key.startsWith(ownerPrefix(given.root, other))).toBe(false);
        }
      }),
      {
        examples: [
          [example("10"), ownerId(1)],
          [example("1"), ownerId(10)],
        ],
      },
    );
  });

  it.each(["a/b", "..", ".", "", "a\\b", "a\nb", "x".repeat(256)])(
    "refuses file name %j",
    (name) => {
      expect(codeOf(() => uploadKey({ ...example("1"), filename: name }))).toBe("invalid-key");
    },
  );

  it("takes no foreign key for its own", () => {
    for (const key of [
      "datasets/user_1/x.csv",
      "datasets/user_1/20251323_143045_x.csv",
      "datasets/user_1/20251023_143045-1_x.csv",
      "datasets/user_1/20251023_143045-02_x.csv",
      "datasets/user_a b/20251023_143045_x.csv",
      "user_1/20251023_143045_x.csv",
    ]) {
      expect(parseUploadKey(key)).toBeUndefined();
    }
  });
});

describe("ownerId", () => {
  it.each(["", "a/b", "..", ".hidden", "-1", "a b", "ü", "a\n", "a".repeat(129), "user/../2"])(
    "refuses %j",
    (id) => {
      expect(codeOf(() => ownerId(id))).toBe("invalid-argument");
    },
  );

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("refuses %d", (id) => {
    expect(codeOf(() => ownerId(id))).toBe("invalid-argument");
  });

  it("gives two ids prefixes of which neither begins with the other", () => {
    fc.assert(
      fc.property(owners, owners, (a, b) => {
        fc.pre(a !== b);
        const [one, two] = [ownerPrefix("datasets", a), ownerPrefix("datasets", b)];
        expect(one.startsWith(two) || two.startsWith(one)).toBe(false);
      }),
      { examples: [[ownerId("1"), ownerId("10")] as [OwnerId, OwnerId]] },
    );
  });
});

describe("timestamp and roots", () => {
  it("writes UTC whatever the machine's zone", () => {
    expect(timestamp(new Date("2025-01-02T03:04:05+09:00"))).toBe("20250101_180405");
  });

  it("refuses a root that could hold another's prefix", () => {
    expect(codeOf(() => checkRoot("datasets/user_1"))).toBe("invalid-key");
    expect(codeOf(() => checkRoot("/datasets"))).toBe("invalid-key");
    expect(codeOf(() => checkRoot("team/datasets"))).toBeUndefined();
  });
});

function example(owner: string): UploadKeyParts {
  const at = new Date("2025-10-23T14:30:45Z");
  return { root: "datasets", owner: ownerId(owner), at, filename: "x.csv", attempt: 1 };
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof StowageError) return error.code;
    throw error;
  }
}
