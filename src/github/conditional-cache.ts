import { isStatus } from './failures.ts'

type Tagged<T> = { readonly etag: string | undefined; readonly value: T }

/** Answers with their ETags, least recently used dropped above `maxBytes` (of their JSON). A 304 costs nothing of GitHub's rate. */
export function createConditionalCache(maxBytes: number) {
  const kept = createLru<Tagged<unknown>>(maxBytes)
  return { read }

  async function read<T>(key: string, request: (etag: string | undefined) => Promise<Tagged<T>>): Promise<T> {
    // A key names the route, and with it the schema that its value went through.
    const before = kept.get(key) as Tagged<T> | undefined
    try {
      const answer = await request(before?.etag)
      if (answer.etag !== undefined) kept.set(key, answer, JSON.stringify(answer.value).length)
      return answer.value
    } catch (error) {
      if (before !== undefined && isStatus(error, [304])) return before.value
      throw error
    }
  }
}

/** Entries above the whole limit are not kept at all. */
export function createLru<V>(maxBytes: number) {
  const entries = new Map<string, { readonly value: V; readonly bytes: number }>()
  let total = 0
  return { get, set }

  function get(key: string): V | undefined {
    const entry = entries.get(key)
    if (!entry) return undefined
    entries.delete(key)
    entries.set(key, entry)
    return entry.value
  }

  function set(key: string, value: V, valueBytes: number): void {
    drop(key)
    const bytes = valueBytes + key.length
    if (bytes > maxBytes) return
    entries.set(key, { value, bytes })
    total += bytes
    for (const oldest of entries.keys()) {
      if (total <= maxBytes) break
      drop(oldest)
    }
  }

  function drop(key: string): void {
    total -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }
}
