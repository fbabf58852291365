import { expect, test } from "vitest";
import { openMemoryStore } from "../../src/adapters/memory/index.js";
import { profileOf } from "../../src/adapters/s3-protocol/profiles.js";
import { contractProfiles, runContract } from "../../src/ports/contract/index.js";

const profiles = Object.entries(contractProfiles);

test.each(profiles)(
  "the profile %s is sound, and is that of a server of the S3 store",
  async (name, profile) => {
    expect(profile.name).toBe(name);
    await runContract({ store: openMemoryStore() }, { profile, filter: () => false });
    expect(profileOf(name).name).toBe(name);
  },
);

test.each(profiles)(
  "the profile %s declares what the facts of the S3 store say of the server",
  (name, { declared }) => {
    const ids = declared.map(({ id }) => id);
    const { keyBesideItsPrefix, replacesWhole } = profileOf(name).honours;
    expect(ids.includes("P26-listed")).toBe(!keyBesideItsPrefix);
    // Declared of Ceph as well, where a get fails meanwhile, and mixes nothing.
    if (!replacesWhole) expect(ids).toContain("E08-complete");
  },
);

test.each(profiles)(
  "each declaration of %s says what is done instead, and who has seen it",
  (_, { declared }) => {
    for (const { reason, source } of declared) {
      expect(reason).toMatch(/^[A-Z][^.]{40,}$/);
      expect(source).toMatch(/^(measured on|documented in) .*\d/);
    }
  },
);
