// Brings the MinIO of docker-compose.yml up, uses it, and takes it down again. Run from the top:
//
//   node test/servers/setup/check-compose.mjs [FILE]
//
// It wants a Docker engine and the image that a test run in containers leaves there, and no
// registry. LocalStack comes from a registry alone, so its part is checked as text. FILE gets the
// counts as JSON.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";

/** Seconds. */
const HEALTHY_LIMIT = 60;

const counts = { name: "compose", passed: 0, failed: 0, skipped: 0 };
const port = await freePort();
const env = { ...process.env, MINIO_PORT: String(port), COMPOSE_PROJECT_NAME: "stowage-check" };
const compose = ["docker compose", "docker-compose"].map((it) => it.split(" ")).find(answers);

await check("Docker Compose is here", () => {
  if (compose === undefined) {
    throw new Error(
      "neither `docker compose` nor `docker-compose` runs; install one (Debian: docker-compose)",
    );
  }
});
if (compose !== undefined) {
  await check("docker-compose.yml is valid", () => run("config", "--quiet"));
  try {
    await check("MinIO starts without a registry", () =>
      run("up", "--no-build", "--detach", "minio"),
    );
    await check("MinIO becomes healthy", healthy);
    await check("MinIO listens on this machine alone", loopback);
    await check("the bucket is there, and encrypts", roundTrip);
  } finally {
    await check("everything goes down", () => run("down", "--volumes"));
  }
}
if (process.argv[2] !== undefined) writeFileSync(process.argv[2], JSON.stringify(counts));
process.exitCode = counts.failed > 0 ? 1 : 0;

async function check(name, action) {
  try {
    await action();
    counts.passed += 1;
    console.log(`  ok      ${name}`);
  } catch (error) {
    counts.failed += 1;
    console.log(`  FAILED  ${name}: ${error.message}`);
  }
}

async function healthy() {
  const id = run("ps", "--quiet", "minio").trim();
  const deadline = performance.now() + HEALTHY_LIMIT * 1000;
  while (true) {
    const health = JSON.parse(call("docker", ["inspect", id]))[0].State.Health;
    if (health.Status === "healthy") return;
    if (performance.now() > deadline) {
      throw new Error(
        `${health.Status} after ${HEALTHY_LIMIT} s: ${JSON.stringify(health.Log.at(-1))}`,
      );
    }
    await delay(500);
  }
}

function loopback() {
  const bound = run("port", "minio", "9000").trim();
  if (bound !== `127.0.0.1:${port}`) throw new Error(`it is bound to ${bound}`);
}

async function roundTrip() {
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "stowage", secretAccessKey: "stowage-secret" },
    forcePathStyle: true,
  });
  const object = { Bucket: "stowage", Key: "check" };
  await client.send(new PutObjectCommand({ ...object, Body: "x", ServerSideEncryption: "AES256" }));
  const { Body, ServerSideEncryption } = await client.send(new GetObjectCommand(object));
  const text = await Body.transformToString();
  client.destroy();
  if (text !== "x" || ServerSideEncryption !== "AES256") {
    throw new Error(`got back ${JSON.stringify(text)}, encrypted with ${ServerSideEncryption}`);
  }
}

function answers([command, ...args]) {
  return spawnSync(command, [...args, "version"]).status === 0;
}

function run(...args) {
  const [command, ...before] = compose;
  return call(command, [...before, ...args]);
}

function call(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`\`${[command, ...args].join(" ")}\` failed: ${stderr.trim()}`);
  return stdout;
}

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
