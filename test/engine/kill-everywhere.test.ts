import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { eachWithPatience, faultsOf } from '../harness/simulation/faults.ts'
import { type History, live, type Plan, undisturbed } from '../harness/simulation/history.ts'
import { aStage, type Stage } from '../harness/simulation/stage.ts'
import { type Story, stories } from '../harness/simulation/stories.ts'
import type { Moment } from '../harness/simulation/turns.ts'

/**
 * The engine dies, another one starts on the same PostgreSQL, and the end is the one of the story in which nobody died. By default it dies
 * after every twelfth change, once for each remainder, so that some history dies after about every change; `SIMULATION_KILLS=changes` lives
 * a history for each change, with one death, and `steps` one before and one after every single call.
 *
 * All that outlives an engine is what it changed in the world, so deaths between the same two changes are one and the same: dying after a
 * change, its answer lost, stands for every moment until the next one. `steps` is there to doubt that.
 */
const asked = process.env.SIMULATION_KILLS
const usual = { stride: 12, patienceSeconds: 15 }
type Death = { readonly title: string; readonly at: (moment: Moment) => boolean; readonly often: 'once' | 'again' }

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
  const sum = { deaths: 0 }
  const { done, seconds, faults } = await eachWithPatience(deaths, patienceSeconds, (death) => die(story, calm, death, sum))
  console.log(
    `  ${story.name}: ${calm.steps} calls, ${calm.changes} changes; ${done} of ${deaths.length} histories, ${sum.deaths} deaths, ${seconds} s`,
  )
  assert.deepEqual(faults, [])
}

function deathsOf({ steps, changes }: History): readonly Death[] {
  if (asked === 'steps') return numbers(steps).flatMap((step) => [atStep('before', step), atStep('after', step)])
  return asked === 'changes' ? numbers(changes).map(afterChange) : remainders().map(atEvery)
}

/** Another one first each time, for machines whose patience ends early. */
function remainders(): readonly number[] {
  const first = Math.floor(Date.now() / 1000)
  return numbers(usual.stride).map((index) => (first + 5 * index) % usual.stride)
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

const atEvery = (remainder: number): Death => ({
  title: `after every change that leaves ${remainder} when divided by ${usual.stride}`,
  at: ({ when, changed, change }) => when === 'after' && changed && change % usual.stride === remainder,
  often: 'again',
})

const afterChange = (change: number): Death => ({
  title: `after change ${change}`,
  at: (moment) => moment.when === 'after' && moment.changed && moment.change === change,
  often: 'once',
})

const atStep = (when: Moment['when'], step: number): Death => ({
  title: `${when} call ${step}`,
  at: (moment) => moment.when === when && moment.step === step,
  often: 'once',
})

/** What is wrong with the history in which the engine dies then. */
async function die(story: Story, calm: History, death: Death, sum: { deaths: number }): Promise<readonly string[]> {
  let deaths = 0
  const dies = (moment: Moment) => (death.often === 'again' || deaths === 0) && death.at(moment) && ++deaths > 0
  const plan: Plan = { ...undisturbed, dies }
  const faults = await faultsOf(`${story.name}, death ${death.title}`, calm, () => live(stage, story, plan))
  sum.deaths += deaths
  return deaths > 0 ? faults : [...faults, `${story.name}, death ${death.title}: nobody died`]
}
