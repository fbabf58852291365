import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { tail } from "./command.js";
import { type Engine, isLocal, wordsOf } from "./engine.js";
import type { Readiness, Running } from "./server.js";
import { guard } from "./watchdog.js";

/** Characters. */
const LOG_KEPT = 8192;

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Inside the container. */
  readonly innerPort: number;
  /** On this machine. Default: any that is free. */
  readonly port?: number | undefined;
  readonly ready: Readiness;
}

/** Runs a server in a container, reachable from this machine alone, and returns once it is ready. */
export async function startContainer(engine: Engine, spec: ContainerSpec): Promise<Running> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const docker = engine.container.dockerode;
  const isHere = isLocal(engine);

  let id: string | undefined;
  let release = (): void => {};
  class LoopbackContainer extends GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      // testcontainers itself binds every interface of the machine.
      const binding = { HostIp: isHere ? "127.0.0.1" : "", HostPort: String(spec.port ?? "") };
      this.hostConfig.PortBindings = { [`${spec.innerPort}/tcp`]: [binding] };
    }

    protected override async containerCreated(containerId: string): Promise<void> {
      id = containerId;
      release = guard({ container: containerId });
    }
  }

  const remove = async (): Promise<void> => {
    if (id === undefined) return;
    const gone = id;
    id = undefined;
    await docker.getContainer(gone).remove({ force: true, v: true });
    release();
  };
  const kill = async (): Promise<void> => {
    if (id !== undefined) await docker.getContainer(id).kill({ signal: "SIGKILL" });
  };

  const wait = Wait.forHttp(spec.ready.path, spec.innerPort, { abortOnContainerExit: true });
  if (spec.ready.body !== undefined) {
    const wanted = spec.ready.body;
    wait.forResponsePredicate((body) => body.includes(wanted));
  }
  let log: Readable | undefined;
  let said = "";
  const container = new LoopbackContainer(spec.image)
    .withExposedPorts(spec.innerPort)
    .withEnvironment(spec.env)
    .withWaitStrategy(wait)
    // A container that does not become ready is removed at once, and its log with it.
    .withLogConsumer((stream) => {
      log = stream;
      stream.on("data", (chunk) => {
        said = (said + chunk).slice(-LOG_KEPT);
      });
    })
    .withStartupTimeout(spec.ready.limit * 1000);
  if (spec.command !== undefined) container.withCommand([...spec.command]);

  try {
    const started = await container.start();
    const port = started.getMappedPort(spec.innerPort);
    const endpoint = `http://${isHere ? "127.0.0.1" : started.getHost()}:${port}`;
    return { endpoint, way: "container", pid: undefined, kill, stop: remove };
  } catch (error) {
    if (said === "" && id !== undefined) said = await logOf(engine, id);
    await remove().catch(() => {});
    const [reason] = wordsOf(error).split("\n");
    throw new Error(
      `Cannot start ${spec.name} in a container of ${spec.image}: ${reason}. ` +
        "STOWAGE_TEST_SERVERS=processes runs it without the engine" +
        (said === "" ? "" : `. Its log ends with${tail(said)}`),
    );
  } finally {
    log?.destroy();
  }
}

/** Of a container that ended before its log was followed. */
async function logOf(engine: Engine, id: string): Promise<string> {
  const container = engine.container.dockerode.getContainer(id);
  try {
    return await text(await engine.container.logs(container, { follow: false }));
  } catch {
    return "";
  }
}
