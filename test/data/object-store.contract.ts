import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ObjectStore } from '../../src/engine/ports.ts'

/** What every `ObjectStore` owes its callers. */
export function describeObjectStore(name: string, open: () => Promise<{ readonly store: ObjectStore; close(): Promise<void> }>): void {
  describe(`ObjectStore contract: ${name}`, () => {
    let store: ObjectStore
    let close: () => Promise<void>
    before(async () => {
      ;({ store, close } = await open())
    })
    after(() => close())

    it('gives back what was put, and says its size and hash', async () => {
      const stored = await store.put('w/t/0/a.txt', bytes('hel', 'lo'), { maxBytes: 5 })
      assert.deepEqual(stored, { bytes: 5, sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' })
      assert.equal(await textOf(await store.get('w/t/0/a.txt')), 'hello')
      assert.equal(Buffer.from((await store.read('w/t/0/a.txt', 5)) ?? []).toString(), 'hello')
    })

    it('replaces', async () => {
      await store.put('replaced/x', bytes('one'), { maxBytes: 10 })
      await store.put('replaced/x', bytes('two'), { maxBytes: 10 })
      assert.equal(await textOf(await store.get('replaced/x')), 'two')
    })

    it('stores nothing of what is too large', async () => {
      await assert.rejects(store.put('large/x', bytes('123', '456'), { maxBytes: 5 }), /at most 5 bytes/)
      assert.equal(await store.get('large/x'), undefined)
    })

    it('stores nothing of what broke off, and keeps what was there', async () => {
      await store.put('broken/x', bytes('whole'), { maxBytes: 10 })
      await assert.rejects(store.put('broken/x', breaking(), { maxBytes: 10 }), /broke off/)
      assert.equal(await textOf(await store.get('broken/x')), 'whole')
    })

    it('says undefined for what is not there, also for a directory', async () => {
      await store.put('dir/a/b', bytes('x'), { maxBytes: 1 })
      for (const key of ['nothing', 'dir', 'dir/a', 'dir/a/b/c']) assert.equal(await store.get(key), undefined, key)
      assert.equal(await store.read('dir/a', 10), undefined)
    })

    it('refuses to read whole what is larger than expected', async () => {
      await store.put('read/x', bytes('123456'), { maxBytes: 10 })
      await assert.rejects(store.read('read/x', 5), /at most 5 bytes, it is 6/)
    })

    it('lists by prefix, in order, up to a limit', async () => {
      for (const key of ['list/b', 'list/a/2', 'list/a/1', 'list/ab', 'listed']) await store.put(key, bytes(key), { maxBytes: 100 })
      const keysOf = async (prefix: string, limit = 100) => (await store.list(prefix, limit)).map(({ key }) => key)
      assert.deepEqual(await keysOf('list/'), ['list/a/1', 'list/a/2', 'list/ab', 'list/b'])
      assert.deepEqual(await keysOf('list/a'), ['list/a/1', 'list/a/2', 'list/ab'])
      assert.deepEqual(await keysOf('list/', 2), ['list/a/1', 'list/a/2'])
      assert.deepEqual(await keysOf('none/'), [])
      assert.deepEqual(await store.list('list/b', 1), [{ key: 'list/b', bytes: 6 }])
    })

    it('deletes below a prefix and nothing beside it', async () => {
      for (const key of ['gone/1/x', 'gone/1/y/z', 'gone/10/x']) await store.put(key, bytes('x'), { maxBytes: 1 })
      await store.deletePrefix('gone/1/')
      await store.deletePrefix('gone/1/')
      assert.deepEqual(
        (await store.list('gone/', 10)).map(({ key }) => key),
        ['gone/10/x'],
      )
      await assert.rejects(store.deletePrefix('gone'), /ends with/)
    })

    const refused = [
      '',
      '/etc/passwd',
      '../x',
      'a/../b',
      'a//b',
      './a',
      'a/.',
      'a\\b',
      'a\nb',
      'a\0b',
      'x'.repeat(256),
      `${'a/'.repeat(70)}b`,
      '\ud800',
    ]
    for (const key of refused) {
      it(`refuses the key ${JSON.stringify(key.slice(0, 30))}`, async () => {
        await assert.rejects(async () => store.put(key, bytes('x'), { maxBytes: 1 }), RangeError)
        await assert.rejects(async () => store.get(key), RangeError)
      })
    }
  })
}

export async function* bytes(...parts: readonly string[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

async function* breaking(): AsyncIterable<Uint8Array> {
  yield Buffer.from('ha')
  throw new Error('broke off')
}

export async function textOf(body: AsyncIterable<Uint8Array> | undefined): Promise<string | undefined> {
  if (body === undefined) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
