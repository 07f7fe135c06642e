// Trains a policy on demonstrations.
// Usage: node policy/train.mjs --data DIRECTORY --out DIRECTORY [--epochs 40] [--seed 1]
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { randomFrom, shuffle } from '../sim/random.mjs'
import { drawEpisode, playEpisode, TASKS } from '../sim/reach.mjs'
import { openWorld } from '../sim/world.mjs'
import { createLearner } from './cloning.mjs'
import { curveCsv, curveSvg } from './curve.mjs'
import { readDataset } from './dataset.mjs'
import { createPolicy, normalise } from './network.mjs'
import { OBSERVATION_SIZE, observe } from './observation.mjs'

const HIDDEN = [16, 16]
const BATCH = 64
const LEARNING_RATE = 0.002
// Every so many epochs the policy is tried on episodes that the evaluation never plays.
const TRIAL_EPOCHS = 4
const TRIALS = 30
const FIRST_TRIAL_SEED = 2_000_000

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string' },
    epochs: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
  },
})
const epochs = Number(values.epochs)
const random = randomFrom(Number(values.seed))
const { observations, torques, statistics } = await readDataset(values.data)
const inputs = observations.map((observation) => Float64Array.from(normalise(observation, statistics)))
const learner = createLearner([OBSERVATION_SIZE, ...HIDDEN, 2], random)
const world = await openWorld()
const curve = []

console.log(`${inputs.length} samples, ${learner.size} parameters`)
for (let epoch = 1; epoch <= epochs; epoch++) {
  const loss = trainEpoch()
  if (epoch % TRIAL_EPOCHS === 0 || epoch === epochs) report(epoch, loss)
}

await mkdir(values.out, { recursive: true })
await writeFile(join(values.out, 'policy.json'), JSON.stringify({ statistics, layers: learner.layers() }))
await writeFile(join(values.out, 'learning-curve.csv'), curveCsv(curve))
await writeFile(join(values.out, 'learning-curve.svg'), curveSvg(curve))

/** Mean loss over the samples, each seen once. */
function trainEpoch() {
  const order = shuffle([...inputs.keys()], random)
  let loss = 0
  for (let start = 0; start < order.length; start += BATCH) {
    loss += learner.update(inputs, torques, order.slice(start, start + BATCH), LEARNING_RATE)
  }
  return loss / order.length
}

function report(epoch, loss) {
  const reached = tryPolicy(createPolicy(statistics, learner.layers()))
  curve.push({ epoch, loss, success: reached / TRIALS })
  console.log(`epoch ${String(epoch).padStart(2)}  loss ${loss.toFixed(4)}  reached ${reached} of ${TRIALS} targets`)
}

function tryPolicy(policy) {
  const observation = new Float64Array(OBSERVATION_SIZE)
  const act = (state, target) => policy(observe(state, target, observation))
  const trials = Array.from({ length: TRIALS }, (_, index) => drawEpisode(TASKS[index % TASKS.length], FIRST_TRIAL_SEED + index))
  return trials.filter((episode) => playEpisode(world, episode, act).success).length
}
