import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBatching } from '../../src/store/batching.ts'

/** Writes down its batches and ends each when told to. */
function aWriter() {
  const batches: string[][] = []
  const ends: (() => void)[] = []
  const act = async (items: readonly string[]) => {
    batches.push([...items])
    await new Promise<void>((resolve) => {
      ends.push(resolve)
    })
    if (items.includes('poison')) throw new Error('cannot write poison')
    return items.map((item) => item.toUpperCase())
  }
  return { batches, act, endNext }

  async function endNext(): Promise<void> {
    ends.shift()?.()
    await new Promise(setImmediate)
  }
}

const limits = { maxItems: 3, maxSize: 10 }
const lengthOf = (item: string) => item.length

test('one that comes alone goes alone and at once', async () => {
  const writer = aWriter()
  const write = createBatching(writer.act, lengthOf, limits)
  const written = write('a')
  assert.deepEqual(writer.batches, [['a']])
  await writer.endNext()
  assert.equal(await written, 'A')
})

test('what comes while one is under way goes together, in order, at most as many and as large as allowed', async () => {
  const writer = aWriter()
  const write = createBatching(writer.act, lengthOf, limits)
  const written = Promise.all(['a', 'b', 'c', 'd', 'eeeeee', 'fffff', 'g'].map(write))
  for (let batch = 0; batch < 4; batch++) await writer.endNext()
  assert.deepEqual(writer.batches, [['a'], ['b', 'c', 'd'], ['eeeeee'], ['fffff', 'g']])
  assert.deepEqual(await written, ['A', 'B', 'C', 'D', 'EEEEEE', 'FFFFF', 'G'])
})

test('one above the limit waits for nobody, and nobody waits for it', async () => {
  const writer = aWriter()
  const write = createBatching(writer.act, lengthOf, limits)
  const written = Promise.all(['a', 'a large payload', 'b'].map(write))
  assert.deepEqual(writer.batches, [['a'], ['a large payload']])
  for (let batch = 0; batch < 3; batch++) await writer.endNext()
  assert.deepEqual(writer.batches[2], ['b'])
  assert.deepEqual(await written, ['A', 'A LARGE PAYLOAD', 'B'])
})

test('one that cannot be written fails alone', async () => {
  const writer = aWriter()
  const write = createBatching(writer.act, lengthOf, limits)
  const written = Promise.allSettled(['a', 'b', 'poison', 'c'].map(write))
  for (let batch = 0; batch < 5; batch++) await writer.endNext()
  assert.deepEqual(
    (await written).map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason))),
    ['A', 'B', 'Error: cannot write poison', 'C'],
  )
})
