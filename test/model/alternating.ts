import type { Store } from "../../src/ports/store.js";

/**
 * Several stores that share what they hold, as one: each call goes to the next of them, so that what
 * one has written, begun or told is read, gone on with and believed by another.
 */
export function alternating(first: Store, ...others: readonly Store[]): Store {
  const stores = [first, ...others];
  let calls = 0;
  return new Proxy(first, {
    get: (_, name) => {
      const store = stores[calls % stores.length] ?? first;
      const member: unknown = Reflect.get(store, name);
      if (typeof member !== "function") return Reflect.get(first, name);
      if (name === "uri" || name === "keyOf") return Reflect.get(first, name).bind(first);
      calls += 1;
      return member.bind(store);
    },
  });
}
