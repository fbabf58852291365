import { once } from "node:events";
import { open as openFile, stat } from "node:fs/promises";
import http from "node:http";
import { pipeline } from "node:stream/promises";
import { CONCURRENCY, PART_BYTES, smallKey } from "../constants.mjs";

/**
 * `node:http` alone: PUTs without signature or checksum, each of a part at its place in the file.
 * It stores nothing that S3 would take for one object: it shows the least that a request can cost.
 */
export function open({ endpoint, bucket }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
  const put = (key, headers) =>
    http.request(`${endpoint}/${bucket}/${key}`, { method: "PUT", agent, headers });
  const answered = async (request) => {
    const [answer] = await once(request, "response");
    answer.resume();
    await once(answer, "end");
    if (answer.statusCode !== 200) throw new Error(`PUT is answered with ${answer.statusCode}`);
  };
  const putBytes = (key, bytes) => {
    const request = put(key, { "content-length": bytes.length });
    request.end(bytes);
    return answered(request);
  };
  return {
    file: async (path) => {
      const { size } = await stat(path);
      const handle = await openFile(path);
      let next = 0;
      const send = async () => {
        const buffer = Buffer.allocUnsafeSlow(PART_BYTES);
        while (next < size) {
          const at = next;
          next += PART_BYTES;
          const { bytesRead } = await handle.read(buffer, 0, PART_BYTES, at);
          await putBytes(`part-${at / PART_BYTES}`, buffer.subarray(0, bytesRead));
        }
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, send));
      await handle.close();
    },
    stream: async (stream) => {
      const request = put("bench.bin", {});
      await Promise.all([pipeline(stream, request), answered(request)]);
    },
    small: (index, bytes) => putBytes(smallKey(index), bytes),
    close: () => agent.destroy(),
  };
}
