// Plays a policy in simulation and writes LeRobot's eval_info.json.
// Usage: node sim/evaluate.mjs --policy FILE --out DIRECTORY [--episodes 300]; episode i of a task has seed OSMO_SEED + i.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadPolicy } from '../policy/network.mjs'
import { OBSERVATION_SIZE, observe } from '../policy/observation.mjs'
import { drawEpisode, playEpisode, TASKS } from './reach.mjs'
import { openWorld } from './world.mjs'

const { values } = parseArgs({
  options: { policy: { type: 'string' }, out: { type: 'string' }, episodes: { type: 'string', default: '300' } },
})
const seed = Number(process.env.OSMO_SEED ?? 0)
const episodesPerTask = Math.round(Number(values.episodes) / TASKS.length)
const policy = await loadPolicy(values.policy)
const world = await openWorld()
const observation = new Float64Array(OBSERVATION_SIZE)
const act = (state, target) => policy(observe(state, target, observation))

const start = performance.now()
const results = TASKS.map(evaluateTask)
const seconds = (performance.now() - start) / 1000
const overall = summary(results.flat(), seconds)
console.log(`all: ${overall.pc_success.toFixed(1)} % of ${overall.n_episodes} episodes`)

await mkdir(values.out, { recursive: true })
await writeFile(join(values.out, 'eval_info.json'), `${JSON.stringify(evalInfo(), null, 1)}\n`)

function evaluateTask(task) {
  const episodes = Array.from({ length: episodesPerTask }, (_, index) => playEpisode(world, drawEpisode(task, seed + index), act))
  const reached = episodes.filter(({ success }) => success).length
  const steps = episodes.reduce((sum, episode) => sum + episode.steps, 0) / episodes.length
  console.log(`${task.name}: reached ${reached} of ${episodes.length} targets, ${steps.toFixed(0)} steps an episode`)
  return episodes
}

function evalInfo() {
  return {
    per_task: results.map((episodes, index) => ({
      task_group: 'reach',
      task_id: index,
      metrics: {
        sum_rewards: episodes.map(({ reward }) => reward),
        max_rewards: episodes.map(({ bestReward }) => bestReward),
        successes: episodes.map(({ success }) => success),
        video_paths: [],
      },
    })),
    per_group: { reach: overall },
    overall,
  }
}

function summary(episodes, seconds) {
  const mean = (pick) => episodes.reduce((sum, episode) => sum + pick(episode), 0) / episodes.length
  return {
    avg_sum_reward: mean(({ reward }) => reward),
    avg_max_reward: mean(({ bestReward }) => bestReward),
    pc_success: 100 * mean(({ success }) => (success ? 1 : 0)),
    n_episodes: episodes.length,
    eval_s: seconds,
    eval_ep_s: seconds / episodes.length,
  }
}
