// Lets the expert play and writes what it saw and did.
// Usage: node sim/generate.mjs --out DIRECTORY [--episodes 120]
import { parseArgs } from 'node:util'
import { writeDataset } from '../policy/dataset.mjs'
import { OBSERVATION_SIZE, observe } from '../policy/observation.mjs'
import { clip, expertTorques } from './expert.mjs'
import { normal, randomFrom } from './random.mjs'
import { drawEpisode, playEpisode, TASKS } from './reach.mjs'
import { openWorld } from './world.mjs'

// Far from the evaluation's seeds, which count up from 0.
const FIRST_SEED = 1_000_000
// The arm is pushed off the expert's path, so that the data shows how to come back to it.
const NOISE = 0.3

const { values } = parseArgs({ options: { out: { type: 'string' }, episodes: { type: 'string', default: '120' } } })
const episodes = Number(values.episodes)
const world = await openWorld()
const rows = []
let reached = 0
for (let index = 0; index < episodes; index++) {
  if (demonstrate(index).success) reached++
  if ((index + 1) % 20 === 0) console.log(`${index + 1} demonstrations, ${reached} reached the target, ${rows.length} samples`)
}
await writeDataset(values.out, rows, { episodes, reached })

function demonstrate(index) {
  const random = randomFrom(2 * FIRST_SEED + index)
  return playEpisode(world, drawEpisode(TASKS[index % TASKS.length], FIRST_SEED + index), (state, target) => {
    const torques = expertTorques(state, target)
    rows.push([...observe(state, target, new Float64Array(OBSERVATION_SIZE)), ...torques])
    return torques.map((torque) => clip(torque + NOISE * normal(random)))
  })
}
