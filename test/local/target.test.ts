import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { openLocalTarget } from "../../src/adapters/local/index.js";
import { asNobody, mountSmallDisk } from "../filesystem/system.js";
import { refusalOf, someBytes, temporaryFolder } from "./fixtures.js";

describe("a target", () => {
  it("appears whole at its commit, and not before", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "out.bin");
    await using target = await openLocalTarget(path, { overwrite: false });
    await target.write(someBytes(1_000));
    await target.write(new Uint8Array());
    await target.write(someBytes(500));
    expect(await readdir(folder)).not.toContain("out.bin");
    await target.commit();
    expect(await readdir(folder)).toEqual(["out.bin"]);
    const whole = Buffer.concat([someBytes(1_000), someBytes(500)]);
    expect((await readFile(path)).equals(whole)).toBe(true);
  });

  it("lies in order, also when it is written to at once", async () => {
    const path = join(await temporaryFolder(), "out.bin");
    await using target = await openLocalTarget(path, { overwrite: false });
    const pieces = Array.from({ length: 20 }, (_, at) => Buffer.alloc(10_000, at));
    await Promise.all(pieces.map((piece) => target.write(piece)));
    await target.commit();
    expect((await readFile(path)).equals(Buffer.concat(pieces))).toBe(true);
  });

  it("that is not committed leaves nothing, and what was there", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "out.bin");
    await writeFile(path, "old");
    {
      await using target = await openLocalTarget(path, { overwrite: true });
      await target.write(someBytes(10));
      expect(await readFile(path, "utf8")).toBe("old");
    }
    expect(await readdir(folder)).toEqual(["out.bin"]);
    expect(await readFile(path, "utf8")).toBe("old");
  });

  it("may be given as a URL", async () => {
    const path = join(await temporaryFolder(), "größe 50%.bin");
    await using target = await openLocalTarget(pathToFileURL(path), { overwrite: false });
    await target.commit();
    expect(await readFile(path, "utf8")).toBe("");
  });

  it("is neither written to nor committed again afterwards", async () => {
    const path = join(await temporaryFolder(), "out.bin");
    const target = await openLocalTarget(path, { overwrite: false });
    await target.commit();
    expect((await refusalOf(target.write(someBytes(1)))).code).toBe("invalid-argument");
    expect((await refusalOf(target.commit())).code).toBe("invalid-argument");
    await target[Symbol.asyncDispose]();
    expect(await readFile(path, "utf8")).toBe("");
  });
});

describe("a target that exists", () => {
  it("is refused at once, unless it is to be replaced", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "out.bin");
    await writeFile(path, "old");
    const refused = openLocalTarget(path, { overwrite: false });
    expect((await refusalOf(refused)).code).toBe("already-exists");
    expect(await readdir(folder)).toEqual(["out.bin"]);
    await using target = await openLocalTarget(path, { overwrite: true });
    await target.write(Buffer.from("new"));
    await target.commit();
    expect(await readFile(path, "utf8")).toBe("new");
  });

  it("only since it was opened is refused at the commit, and kept", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "out.bin");
    {
      await using target = await openLocalTarget(path, { overwrite: false });
      await writeFile(path, "somebody else's");
      expect((await refusalOf(target.commit())).code).toBe("already-exists");
    }
    expect(await readFile(path, "utf8")).toBe("somebody else's");
    expect(await readdir(folder)).toEqual(["out.bin"]);
  });

  it("is created by one of many alone", async () => {
    const path = join(await temporaryFolder(), "out.bin");
    const targets = await Promise.all(
      Array.from({ length: 5 }, () => openLocalTarget(path, { overwrite: false })),
    );
    const results = await Promise.allSettled(targets.map((target) => target.commit()));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const target of targets) await target[Symbol.asyncDispose]();
  });

  it("keeps its permissions when it is replaced", async () => {
    const path = join(await temporaryFolder(), "out.bin");
    await writeFile(path, "old");
    await chmod(path, 0o666);
    await using target = await openLocalTarget(path, { overwrite: true });
    await target.commit();
    expect((await stat(path)).mode & 0o777).toBe(0o666);
  });

  it("as a link stays a link, and its file is replaced", async () => {
    const folder = await temporaryFolder();
    const file = join(await temporaryFolder(), "real.bin");
    await writeFile(file, "old");
    await symlink(file, join(folder, "link"));
    await using target = await openLocalTarget(join(folder, "link"), { overwrite: true });
    await target.write(Buffer.from("new"));
    await target.commit();
    expect((await lstat(join(folder, "link"))).isSymbolicLink()).toBe(true);
    expect(await readFile(file, "utf8")).toBe("new");
  });
});

describe("a target that cannot be written", () => {
  it("is refused when it is opened", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    await mkdir(join(folder, "sub"));
    await symlink(join(folder, "sub"), join(folder, "link"));
    const cases: [string, string][] = [
      [folder, "it is a folder"],
      [join(folder, "link"), "it is a folder"],
      [join(folder, "missing/out"), "its folder does not exist"],
      [join(folder, "file/out"), "is a file"],
      [join(folder, "x".repeat(300)), "no name so long"],
      ["/dev/null", "it is no ordinary file"],
    ];
    for (const [path, why] of cases) {
      const error = await refusalOf(openLocalTarget(path, { overwrite: true }));
      expect(error.code, path).toBe("target-unwritable");
      expect(error.message).toContain(why);
    }
    const error = await refusalOf(openLocalTarget(folder, { overwrite: false }));
    expect(error).toMatchObject({ code: "target-unwritable", providerCode: "EISDIR" });
    expect(error.remedy).toMatch(/^Give a file in it, such as /);
    expect((await refusalOf(openLocalTarget("", { overwrite: true }))).code).toBe(
      "invalid-argument",
    );
    expect((await readdir(folder)).sort()).toEqual(["file", "link", "sub"]);
  });

  it("as its path names a folder that is not there is no file instead", async () => {
    const folder = await temporaryFolder();
    for (const end of ["new/", "new//", "new/.", "new/.."]) {
      const error = await refusalOf(openLocalTarget(`${folder}/${end}`, { overwrite: true }));
      expect(error).toMatchObject({ code: "target-unwritable", providerCode: "EISDIR" });
      expect(error.message).toContain("it ends as the path of a folder does");
      expect(error.remedy).toMatch(/^Give a file in it, such as /);
    }
    const url = new URL(`${pathToFileURL(folder)}/new/`);
    const error = await refusalOf(openLocalTarget(url, { overwrite: true }));
    expect(error.code).toBe("target-unwritable");
    expect(await readdir(folder)).toEqual([]);
  });

  it("for want of permission says so", async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o500);
    asNobody();
    const error = await refusalOf(openLocalTarget(join(folder, "out"), { overwrite: false }));
    expect(error).toMatchObject({ code: "target-unwritable", providerCode: "EACCES" });
  });

  it("for want of room says so, and leaves nothing", async ({ skip }) => {
    const folder = await mountSmallDisk(skip, "size=1m");
    {
      await using target = await openLocalTarget(join(folder, "out"), { overwrite: false });
      const error = await refusalOf(target.write(Buffer.alloc(2_000_000)));
      expect(error).toMatchObject({ code: "no-space", providerCode: "ENOSPC" });
    }
    expect(await readdir(folder)).toEqual([]);
  });
});
