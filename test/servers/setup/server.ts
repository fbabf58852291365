export type Way = "container" | "process";

/** What a client needs to reach a server. */
export interface ServerAddress {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly way: Way;
  /** Of the server, for a person. */
  readonly version: string;
}

/** A server started for tests. Whoever started it stops it; it never outlives the test run. */
export interface Server extends ServerAddress, AsyncDisposable {
  readonly name: string;
  /** Why it runs this way, for a person. */
  readonly why: string;
  /** Of a server that runs as a process. */
  readonly pid: number | undefined;
  /** Ends it at once, as a crash does. It still wants to be stopped. */
  kill(): Promise<void>;
  /** Ends it and removes its data. May be called again. */
  stop(): Promise<void>;
}

/** A server that runs, before its name and keys are added. */
export type Running = Pick<Server, "endpoint" | "way" | "pid" | "kill" | "stop">;

/** Tells a ready server from one that only answers. */
export interface Readiness {
  readonly path: string;
  /** Part of what a ready server answers. */
  readonly body?: string | undefined;
  /** Part of what a server answers that will never be ready. */
  readonly failed?: string | undefined;
  /** Seconds. */
  readonly limit: number;
}
