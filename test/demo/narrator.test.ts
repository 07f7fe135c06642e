import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Concluded, narrate } from '../../src/demo/narrator.ts'
import type { ViewStore } from '../../src/engine/ports.ts'
import { aWorkflow, aWorld, completed, opened, running } from '../web/builders.ts'

type Telling = { readonly said: string[]; readonly verdicts: Concluded[]; until(holds: () => boolean): Promise<void>; end(): Promise<void> }

/** Looks every millisecond; each look, also one that fails, is a chance for `until` to see what it waits for. */
function tell(world: ReturnType<typeof aWorld>, list: ViewStore['list'] = world.views.list): Telling {
  const said: string[] = []
  const verdicts: Concluded[] = []
  const ending = new AbortController()
  const waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = []
  const views: ViewStore = {
    ...world.views,
    list: (filter, limit) => {
      for (const { holds, resolve } of waiting) if (holds()) resolve()
      return list(filter, limit)
    },
  }
  const concluded = (one: Concluded) => void verdicts.push(one)
  const telling = narrate({ views, samples: world.samples, say: (line) => said.push(line), concluded, signal: ending.signal, pollMs: 1 })
  return {
    said,
    verdicts,
    until(holds) {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push({ holds, resolve })
      return promise
    },
    async end() {
      ending.abort()
      await telling
    },
  }
}

it('a store that is away is said once each time, and the story goes on', { timeout: 30_000 }, async () => {
  const begun = aWorkflow({ tasks: { train: { state: running } } })
  const world = aWorld(begun)
  let state: 'there' | 'away' = 'there'
  let failures = 0
  const story = tell(world, async (filter, limit) => {
    if (state === 'there') return world.views.list(filter, limit)
    failures++
    throw new Error('the connection was closed')
  })
  const isTold = (word: string) => () => story.said.some((line) => line.includes(word))
  await story.until(isTold('train      running'))
  state = 'away'
  await story.until(() => failures > 3)
  assert.equal(story.said.filter((line) => line.includes('the connection was closed')).length, 1)
  world.views.put({ ...begun, ...aWorkflow({ id: begun.workflow.id, status: 'COMPLETED', tasks: { train: { state: completed } } }) })
  state = 'there'
  await story.until(() => story.verdicts.length > 0)
  state = 'away'
  await story.until(() => story.said.filter((line) => line.includes('the connection was closed')).length === 2)
  await story.end()
  assert.deepEqual(
    story.verdicts.map(({ conclusion, pullRequest }) => [conclusion, pullRequest]),
    [['success', 12]],
  )
  assert.equal(story.said.filter((line) => line.includes('running')).length, 1, story.said.join('\n'))
})

it('a workflow that goes on is told to its end, however many are opened after it, and each once', { timeout: 30_000 }, async () => {
  const old = aWorkflow({ spec: 'old', openedAt: opened, tasks: { train: { state: running } } })
  const world = aWorld(old)
  const story = tell(world)
  await story.until(() => story.said.length > 0)
  for (let number = 1; number <= 150; number++)
    world.views.put(aWorkflow({ status: 'COMPLETED', openedAt: opened + number, tasks: { [`later${number}`]: { state: completed } } }))
  await story.until(() => story.said.some((line) => line.includes('later150')))
  world.views.put(aWorkflow({ id: old.workflow.id, openedAt: opened, status: 'FAILED', tasks: { train: { state: running } } }))
  await story.until(() => story.verdicts.some(({ conclusion }) => conclusion === 'failure'))
  await story.end()
  assert.deepEqual(
    story.said.filter((line, index) => line.includes('later') && story.said.indexOf(line) !== index),
    [],
  )
})
