import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { seededRandom } from '../../src/benchmark/random.ts'
import { eachWithPatience, faultsOf } from '../harness/simulation/faults.ts'
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
const asked = process.env.SIMULATION_KILLS
const seed = Number(process.env.SIMULATION_SEED ?? Date.now() % 1_000_000)
const usual = { deaths: 14, patienceSeconds: 20 }
type Death = { readonly title: string; readonly at: (moment: Moment) => boolean }

let stage: Stage
before(async () => {
  stage = await aStage()
})

describe('An engine that dies at any moment is followed by one that ends the story as it would have ended:', () => {
  for (const story of stories) it(story.title, () => dieEverywhere(story))
})

async function dieEverywhere(story: Story): Promise<void> {
  const calm = await live(stage, story, undisturbed)
  assert.deepEqual(calm.violations, [])
  assert.match(calm.end, story.ending)
  const deaths = deathsOf(calm)
  const patienceSeconds = asked === undefined ? usual.patienceSeconds : Number.POSITIVE_INFINITY
  const { done, seconds, faults } = await eachWithPatience(deaths, patienceSeconds, (death) => die(story, calm, death))
  console.log(
    `  ${story.name}: ${calm.steps} calls, ${calm.changes} changes; ${done} of ${deaths.length} deaths (seed ${seed}), ${seconds} s`,
  )
  assert.deepEqual(faults, [])
}

function deathsOf({ steps, changes }: History): readonly Death[] {
  if (asked === 'steps') return numbers(steps).flatMap((step) => [atStep('before', step), atStep('after', step)])
  const all = numbers(changes).map(afterChange)
  return asked === 'changes' ? all : chosen(all, asked === undefined ? usual.deaths : Number(asked))
}

function chosen(deaths: readonly Death[], count: number): readonly Death[] {
  const random = seededRandom(seed)
  const drawn = deaths.map((death) => ({ death, lot: random() })).toSorted((a, b) => a.lot - b.lot)
  return drawn.slice(0, count).map(({ death }) => death)
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

const afterChange = (change: number): Death => ({
  title: `after change ${change}`,
  at: (moment) => moment.when === 'after' && moment.changed && moment.change === change,
})

const atStep = (when: Moment['when'], step: number): Death => ({
  title: `${when} call ${step}`,
  at: (moment) => moment.when === when && moment.step === step,
})

/** What is wrong with the history in which the engine dies then. */
async function die(story: Story, calm: History, { title, at }: Death): Promise<readonly string[]> {
  let deaths = 0
  const plan: Plan = { ...undisturbed, dies: (moment) => deaths === 0 && at(moment) && ++deaths === 1 }
  const faults = await faultsOf(`${story.name}, death ${title}`, calm, () => live(stage, story, plan))
  return deaths === 1 ? faults : [...faults, `${story.name}, death ${title}: nobody died`]
}
