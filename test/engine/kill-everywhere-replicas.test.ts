import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { seededRandom } from '../../src/benchmark/random.ts'
import { live, type Plan, undisturbed } from '../harness/simulation/history.ts'
import { aStage, type Stage } from '../harness/simulation/stage.ts'
import { type Story, stories } from '../harness/simulation/stories.ts'

/**
 * Two engines on one PostgreSQL, where chance decides whose call is next, how long its answer takes, when a pod moves, which news is lost,
 * and who dies. `SIMULATION_HISTORIES` says how many, `SIMULATION_SEED` with which seed the first one runs; each has its own.
 */
const histories = Number(process.env.SIMULATION_HISTORIES ?? 200)
const firstSeed = Number(process.env.SIMULATION_SEED ?? Date.now() % 1_000_000)

let stage: Stage
before(async () => {
  stage = await aStage()
})

describe('Whatever the order of calls and answers, two engines end the story as one would have:', () => {
  for (const [index, [name, story]] of Object.entries(stories).entries()) it(story.name, () => liveManyTimes(name, story, index))
})

async function liveManyTimes(name: string, story: Story, index: number): Promise<void> {
  const calm = await live(stage, story, undisturbed)
  const count = Math.ceil((histories - index) / Object.keys(stories).length)
  const [started, sum] = [Date.now(), { steps: 0, deaths: 0 }]
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const history = await live(stage, story, shuffled(seed)).catch((error: unknown) => {
      throw new Error(`${name}, seed ${seed}`, { cause: error })
    })
    const context = `${name}, SIMULATION_SEED=${seed} SIMULATION_HISTORIES=3`
    assert.deepEqual(history.violations, [], context)
    assert.equal(history.end, calm.end, context)
    sum.steps += history.steps
    sum.deaths += history.deaths
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(0)
  console.log(`  ${name}: ${count} histories from seed ${firstSeed}, ${sum.steps} calls, ${sum.deaths} deaths, ${seconds} s`)
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
