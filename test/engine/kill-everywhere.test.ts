import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { seededRandom } from '../../src/benchmark/random.ts'
import { type History, live, type Plan, undisturbed } from '../harness/simulation/history.ts'
import { aStage, type Stage } from '../harness/simulation/stage.ts'
import { type Story, stories } from '../harness/simulation/stories.ts'
import type { Moment } from '../harness/simulation/turns.ts'

/**
 * The engine dies at one moment of a story, another one starts on the same PostgreSQL, and the end is the one of the story in which nobody
 * died. `SIMULATION_KILLS`: how many moments of each story, by a seed that is printed; `changes`: all that differ; `steps`: before and after
 * every single call.
 *
 * All that outlives an engine is what it changed in the world, so deaths between the same two changes are one and the same: dying after a
 * change, its answer lost, stands for every moment until the next one. `steps` is there to doubt that.
 */
const extent = process.env.SIMULATION_KILLS ?? '14'
const seed = Number(process.env.SIMULATION_SEED ?? Date.now() % 1_000_000)
type Death = { readonly title: string; readonly at: (moment: Moment) => boolean }

let stage: Stage
before(async () => {
  stage = await aStage()
})

describe('An engine that dies at any moment is followed by one that ends the story as it would have ended:', () => {
  for (const [name, story] of Object.entries(stories)) it(story.name, () => dieEverywhere(name, story))
})

async function dieEverywhere(name: string, story: Story): Promise<void> {
  const calm = await live(stage, story, undisturbed)
  assert.deepEqual(calm.violations, [])
  const deaths = deathsOf(calm)
  const started = Date.now()
  for (const death of deaths) await die(name, story, calm, death)
  const seconds = ((Date.now() - started) / 1000).toFixed(0)
  console.log(`  ${name}: ${calm.steps} calls, ${calm.changes} changes, ${deaths.length} deaths (seed ${seed}), ${seconds} s`)
}

function deathsOf({ steps, changes }: History): readonly Death[] {
  const all = Array.from({ length: changes }, (_, index) => afterChange(index + 1))
  if (extent === 'steps')
    return Array.from({ length: steps }, (_, index) => [atStep('before', index + 1), atStep('after', index + 1)]).flat()
  if (extent === 'changes') return all
  const random = seededRandom(seed)
  return all
    .map((death) => ({ death, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .slice(0, Number(extent))
    .map(({ death }) => death)
}

const afterChange = (change: number): Death => ({
  title: `after change ${change}`,
  at: (moment) => moment.when === 'after' && moment.changed && moment.change === change,
})

const atStep = (when: Moment['when'], step: number): Death => ({
  title: `${when} call ${step}`,
  at: (moment) => moment.when === when && moment.step === step,
})

async function die(name: string, story: Story, calm: History, { title, at }: Death): Promise<void> {
  let isDead = false
  const plan: Plan = {
    ...undisturbed,
    dies: (moment) => {
      if (isDead || !at(moment)) return false
      isDead = true
      return true
    },
  }
  const history = await live(stage, story, plan).catch((error: unknown) => {
    throw new Error(`${name}, death ${title}`, { cause: error })
  })
  const last = history.trace.slice(0, history.trace.findIndex((line) => line.endsWith('dies')) + 1).slice(-4)
  const context = `${name}, death ${title}\n${last.join('\n')}`
  assert.deepEqual(history.violations, [], context)
  assert.equal(history.end, calm.end, context)
  assert.equal(history.deaths, 1, context)
}
