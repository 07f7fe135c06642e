// The task: bring the tip to a target on the table and hold it there.
import { randomFrom, uniform } from './random.mjs'
import { tipOf } from './world.mjs'

export const MAX_STEPS = 80
const TOLERANCE_METRES = 0.02
const HOLD_STEPS = 5

/** Three rings of targets, told apart in the evaluation: distance from the shoulder in metres. */
export const TASKS = [
  { name: 'near', low: 0.14, high: 0.23 },
  { name: 'middle', low: 0.23, high: 0.33 },
  { name: 'far', low: 0.33, high: 0.42 },
]

/** Everything random about one episode, drawn from its seed alone. */
export function drawEpisode(task, seed) {
  const random = randomFrom(seed * TASKS.length + TASKS.indexOf(task))
  const distance = uniform(random, task.low, task.high)
  const bearing = uniform(random, -1.8, 1.8)
  return {
    target: [distance * Math.cos(bearing), distance * Math.sin(bearing)],
    joints: [uniform(random, -1.5, 1.5), uniform(random, 0.4, 2.4)],
    blocks: [drawBlock(random, 0.4, 1.4), drawBlock(random, -1.4, -0.4)],
  }
}

function drawBlock(random, low, high) {
  const bearing = uniform(random, low, high)
  const distance = uniform(random, 0.2, 0.4)
  return [distance * Math.cos(bearing), distance * Math.sin(bearing), uniform(random, 0, Math.PI / 2)]
}

/** Plays one episode. `act(state, target)` returns two torques; `state` is angles and velocities of shoulder and elbow. */
export function playEpisode(world, episode, act) {
  const state = new Float64Array(4)
  let held = 0
  let reward = 0
  let bestReward = -Infinity
  world.reset(episode.joints, episode.blocks)
  for (let step = 0; step < MAX_STEPS; step++) {
    world.step(act(world.readJoints(state), episode.target))
    const distance = distanceToTarget(world.readJoints(state), episode.target)
    reward -= distance
    bestReward = Math.max(bestReward, -distance)
    held = distance < TOLERANCE_METRES ? held + 1 : 0
    if (held === HOLD_STEPS) return { success: true, steps: step + 1, reward, bestReward }
  }
  return { success: false, steps: MAX_STEPS, reward, bestReward }
}

function distanceToTarget(state, target) {
  const [x, y] = tipOf(state)
  return Math.hypot(x - target[0], y - target[1])
}
