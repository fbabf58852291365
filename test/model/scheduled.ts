import type fc from "fast-check";
import type { Store } from "../../src/ports/store.js";

/**
 * A store whose calls wait for their turn twice: before they are carried out, and before they are
 * answered. The scheduler says whose turn it is.
 */
export function scheduled(store: Store, scheduler: fc.Scheduler): Store {
  const turn = (label: string): Promise<void> => scheduler.schedule(Promise.resolve(), label);
  return new Proxy(store, {
    get: (_, name) => {
      const method: unknown = Reflect.get(store, name);
      if (typeof method !== "function") return method;
      if (name === "uri" || name === "keyOf") return method.bind(store);
      if (name === "list" || name === "listParts" || name === "listUploads") {
        return async function* (...args: unknown[]): AsyncGenerator<unknown> {
          for await (const entry of Reflect.apply(method, store, args) as AsyncIterable<unknown>) {
            await turn(name);
            yield entry;
          }
        };
      }
      return async (...args: unknown[]): Promise<unknown> => {
        await turn(`${String(name)} is carried out`);
        try {
          return await Reflect.apply(method, store, args);
        } finally {
          await turn(`${String(name)} is answered`);
        }
      };
    },
  });
}
