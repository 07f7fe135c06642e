import type { ObjectStore } from '../../src/engine/ports.ts'

/** The reading half of an object store whose objects are these. */
export function readingOf(stored: ReadonlyMap<string, Uint8Array>): Pick<ObjectStore, 'get' | 'read' | 'list'> {
  return {
    get: async (key) => {
      const bytes = stored.get(key)
      return bytes && once(bytes)
    },
    read: async (key) => stored.get(key),
    list: async (prefix, limit) =>
      [...stored]
        .filter(([key]) => key.startsWith(prefix))
        .slice(0, limit)
        .map(([key, bytes]) => ({ key, bytes: bytes.length })),
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
