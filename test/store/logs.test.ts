import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Store } from '../../src/store/store.ts'
import { aDatabase } from '../harness/postgres.ts'
import { aPlan, opened, reference } from './plans.ts'

describe('Logs', () => {
  let store: Store
  let next = 0
  let workflow: Awaited<ReturnType<typeof opened>>
  before(async () => {
    store = (await aDatabase()).store
    workflow = await opened(store, aPlan())
  })
  const anAttempt = () => {
    next += 1
    return reference(workflow, 'train', next)
  }
  const chunk = (sequence: number, text = `line ${sequence}\n`) => ({ sequence, text })

  it('keeps chunks in order, each once', async () => {
    const at = anAttempt()
    await store.logs.append(at, [chunk(1), chunk(0)])
    await store.logs.append(at, [chunk(1), chunk(2)])
    assert.deepEqual(await store.logs.read(at, -1, 10), [chunk(0), chunk(1), chunk(2)])
    assert.deepEqual(await store.logs.read(at, 0, 1), [chunk(1)])
  })

  it('takes two writers at once', async () => {
    const at = anAttempt()
    const all = Array.from({ length: 20 }, (_, index) => chunk(index))
    await Promise.all(all.flatMap((one) => [store.logs.append(at, [one]), store.logs.append(at, [one])]))
    assert.deepEqual(await store.logs.read(at, -1, 100), all)
  })

  it('keeps the first 1 MiB and the last 15 MiB, and says what is missing', async () => {
    const at = anAttempt()
    const text = `${'x'.repeat(64 * 1024 - 1)}\n`
    const sent = Array.from({ length: 400 }, (_, sequence) => chunk(sequence, text))
    for (let start = 0; start < sent.length; start += 40) await store.logs.append(at, sent.slice(start, start + 40))
    const kept = await store.logs.read(at, -1, 1000)
    const sequences = kept.map(({ sequence }) => sequence)
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)
    assert.deepEqual(sequences, [...range(0, 16), 159, ...range(160, 400)])
    assert.equal(kept[16]?.text, `\n[… ${144 * 64 * 1024} bytes of this log were not kept …]\n`)
    await store.logs.append(at, [chunk(20, text), chunk(100, text)])
    assert.equal((await store.logs.read(at, -1, 1000)).length, kept.length, 'what was thrown away stays away')
    assert.equal((await store.logs.read(at, 100, 1))[0]?.sequence, 159, 'a reader in the gap is told of it')
  })

  it('refuses a chunk above 64 KiB', async () => {
    await assert.rejects(store.logs.append(anAttempt(), [chunk(0, 'ü'.repeat(33 * 1024))]), /at most 65536 bytes, got 67584/)
  })

  it('replaces NUL', async () => {
    const at = anAttempt()
    await store.logs.append(at, [chunk(0, 'a\0b')])
    assert.equal((await store.logs.read(at, -1, 1))[0]?.text, 'a\uFFFDb')
  })

  it('gives the last lines, cut between characters', async () => {
    const at = anAttempt()
    await store.logs.append(at, [chunk(0, 'one\ntwo\nthr'), chunk(1, 'ee\nfour\n')])
    assert.equal(await store.logs.tail(at, 2, 1000), 'three\nfour')
    assert.equal(await store.logs.tail(at, 10, 7), 'e\nfour')
    assert.equal(await store.logs.tail(anAttempt(), 10, 7), '')
    const wide = anAttempt()
    await store.logs.append(wide, [chunk(0, 'üüü')])
    assert.equal(await store.logs.tail(wide, 1, 3), 'ü')
  })
})
