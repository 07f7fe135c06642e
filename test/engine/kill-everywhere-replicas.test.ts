import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { seededRandom } from '../../src/benchmark/random.ts'
import { eachWithPatience, faultsOf } from '../harness/simulation/faults.ts'
import { type History, live, type Plan, undisturbed } from '../harness/simulation/history.ts'
import { aStage, type Stage } from '../harness/simulation/stage.ts'
import { type Story, stories } from '../harness/simulation/stories.ts'

/**
 * Two engines on one PostgreSQL, where chance decides whose call is next, how long its answer takes, when a pod moves, which news is lost,
 * and who dies. A seed is one history, always the same: `SIMULATION_SEED` is that of the first, `SIMULATION_HISTORIES` says how many.
 */
const asked = process.env.SIMULATION_HISTORIES
const usual = { histories: 200, patienceSeconds: 12 }
const firstSeed = Number(process.env.SIMULATION_SEED ?? 20_261_124)

let stage: Stage
before(async () => {
  stage = await aStage()
})

describe('Whatever the order of calls and answers, two engines end the story as one would have:', () => {
  for (const [index, story] of stories.entries()) it(story.title, () => liveManyTimes(story, index))
})

async function liveManyTimes(story: Story, index: number): Promise<void> {
  const calm = await live(stage, story, undisturbed)
  assert.match(calm.end, story.ending)
  const sum = { calls: 0, deaths: 0 }
  const patienceSeconds = asked === undefined ? usual.patienceSeconds : Number.POSITIVE_INFINITY
  const { done, seconds, faults } = await eachWithPatience(seedsOf(index), patienceSeconds, (seed) =>
    faultsOf(`${story.name}, SIMULATION_SEED=${seed} SIMULATION_HISTORIES=${stories.length}`, calm, () => liveShuffled(story, seed, sum)),
  )
  console.log(
    `  ${story.name}: ${done} of ${seedsOf(index).length} histories from seed ${firstSeed}, ${sum.calls} calls, ${sum.deaths} deaths, ${seconds} s`,
  )
  assert.deepEqual(faults, [])
}

/** Histories go round the stories. */
function seedsOf(index: number): readonly number[] {
  const histories = asked === undefined ? usual.histories : Number(asked)
  return Array.from({ length: Math.ceil((histories - index) / stories.length) }, (_, turn) => firstSeed + turn)
}

async function liveShuffled(story: Story, seed: number, sum: { calls: number; deaths: number }): Promise<History> {
  const history = await live(stage, story, shuffled(seed))
  sum.calls += history.steps
  sum.deaths += history.deaths
  return history
}

/** A death about every 700 calls, or none at all. */
function shuffled(seed: number): Plan {
  const random = seededRandom(seed)
  const [mortality, haste, loss] = [random() < 0.3 ? 0 : 1 / 700, 0.15 * random(), 0.5 * random()]
  return {
    replicas: 2,
    pick: (count) => Math.floor(random() * count),
    answers: 'delayed',
    dies: () => random() < mortality,
    isHasty: () => random() < haste,
    isMissed: () => random() < loss,
  }
}
