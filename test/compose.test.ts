import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as pins from "./servers/setup/pins.js";

const compose = read("docker-compose.yml");
const dockerfile = read("test/servers/setup/minio.Dockerfile");
const requirements = read(`test/servers/setup/${pins.LOCALSTACK_REQUIREMENTS}`);

describe("docker-compose.yml", () => {
  it("runs the pinned images and no others", () => {
    expect(valuesOf("image")).toEqual([pins.MINIO_IMAGE, pins.LOCALSTACK_IMAGE]);
  });

  it("builds with the pinned Go, MinIO and client", () => {
    expect(valuesOf("GO_IMAGE")).toEqual([pins.GO_IMAGE]);
    expect(valuesOf("MINIO_VERSION")).toEqual([pins.MINIO_VERSION]);
    expect(valuesOf("MC_VERSION")).toEqual([pins.MC_VERSION]);
  });

  it("opens its ports to this machine alone", () => {
    const ports = [...compose.matchAll(/ports:\n((?: +- .*\n)+)/g)].map(([, list]) => list?.trim());
    expect(ports).toHaveLength(2);
    for (const port of ports) expect(port).toMatch(/^- "127\.0\.0\.1:[^"]+"$/);
  });

  it("gives every service a health check that makes the bucket", () => {
    expect(compose.match(/^ {4}healthcheck:$/gm)).toHaveLength(2);
    expect(compose).toContain("local/stowage");
    expect(compose).toContain("-X PUT http://127.0.0.1:4566/stowage");
  });
});

describe("the pins", () => {
  it("stand nowhere in the Dockerfile", () => {
    expect(dockerfile).not.toMatch(/sha256:|v0\.0\.0|golang:/);
    for (const name of ["GO_IMAGE", "MINIO_VERSION", "MC_VERSION"]) {
      expect(dockerfile).toMatch(new RegExp(`^ARG ${name}$`, "m"));
    }
  });

  it("name an image after the commits that are in it", () => {
    const commits = [pins.MINIO_VERSION, pins.MC_VERSION].map((version) => version.split("-")[2]);
    expect(pins.MINIO_IMAGE).toBe(`stowage-minio:${commits.join("-")}`);
  });

  it("name an image by its digest", () => {
    for (const image of [pins.GO_IMAGE, pins.LOCALSTACK_IMAGE]) {
      expect(image).toMatch(/^[a-z/]+:[\d.]+@sha256:[0-9a-f]{64}$/);
    }
    expect(pins.GO_IMAGE).toContain(`golang:${pins.GO_VERSION}@`);
  });

  it("fix every Python package to a version, and name no registry", () => {
    for (const line of requirements.trim().split("\n")) {
      expect(line).toMatch(/^[\w.-]+==[\w.]+$/);
    }
  });
});

/** Every value of a key, wherever it stands. */
function valuesOf(key: string): (string | undefined)[] {
  return [...compose.matchAll(new RegExp(`^ +${key}: (.+)$`, "gm"))].map(([, value]) => value);
}

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
}
