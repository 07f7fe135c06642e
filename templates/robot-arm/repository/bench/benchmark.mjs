// Times the policy and the simulator on this machine and writes Google Benchmark's JSON.
// Usage: node bench/benchmark.mjs --policy FILE --out DIRECTORY
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, hostname } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadPolicy } from '../policy/network.mjs'
import { OBSERVATION_SIZE, observe } from '../policy/observation.mjs'
import { randomFrom, uniform } from '../sim/random.mjs'
import { drawEpisode, TASKS } from '../sim/reach.mjs'
import { CONTROL_SECONDS, openWorld } from '../sim/world.mjs'

const REPETITIONS = 5
// What else runs on a machine only ever makes a try slower, so a repetition is its fastest try.
const TRIES = 3
const INFERENCES = 1_000
const SWEEPS = 4
const STEPS_PER_SWEEP = 40
// Shoulder and elbow: angles in rad, then velocities in rad/s.
const STATE_RANGES = [
  [-2, 2],
  [0.1, 2.8],
  [-4, 4],
  [-4, 4],
]

const { values } = parseArgs({ options: { policy: { type: 'string' }, out: { type: 'string' } } })
const policy = await loadPolicy(values.policy)
const world = await openWorld()

// V8 first runs WebAssembly as baseline code, twice as slow, and swaps in optimised code after some 150 ms of simulation.
const benchmarks = [
  ...repeat('policy_inference', { items: INFERENCES, warmUpSeconds: 0.03, run: inferences(), counters: () => ({}) }),
  ...repeat('simulator_step', { items: SWEEPS * STEPS_PER_SWEEP, warmUpSeconds: 0.2, run: sweeps(), counters: realTimeFactor }),
]
await mkdir(values.out, { recursive: true })
await writeFile(join(values.out, 'benchmark.json'), `${JSON.stringify({ context: context(), benchmarks }, null, 1)}\n`)

/** One observation to two torques, over states spread across the workspace. */
function inferences() {
  const random = randomFrom(11)
  const states = Array.from({ length: 64 }, () => STATE_RANGES.map(([low, high]) => uniform(random, low, high)))
  const targets = states.map((_, index) => drawEpisode(TASKS[index % TASKS.length], index).target)
  const observation = new Float64Array(OBSERVATION_SIZE)
  return () => {
    for (let index = 0; index < INFERENCES; index++) policy(observe(states[index % 64], targets[index % 64], observation))
  }
}

/** The arm sweeps through the blocks, the same way each time: one control period is one item. */
function sweeps() {
  const episodes = Array.from({ length: SWEEPS }, (_, index) => drawEpisode(TASKS[2], index))
  return () => {
    for (const { joints, blocks } of episodes) {
      world.reset(joints, blocks)
      for (let step = 0; step < STEPS_PER_SWEEP; step++) world.step([Math.sin(step / 6), Math.cos(step / 9)])
    }
  }
}

/** Simulated seconds per second. */
function realTimeFactor(seconds) {
  return { real_time_factor: CONTROL_SECONDS / seconds }
}

/** Rows of one benchmark, one per repetition. */
function repeat(name, { items, warmUpSeconds, run, counters }) {
  // By processor time: on a busy machine the wall clock would end the warm-up too early.
  const start = process.cpuUsage()
  while (process.cpuUsage(start).user < 1e6 * warmUpSeconds) run()
  const rows = Array.from({ length: REPETITIONS }, (_, index) => {
    const { seconds, cpuSeconds } = fastest(run)
    return {
      name,
      run_name: name,
      run_type: 'iteration',
      repetitions: REPETITIONS,
      repetition_index: index,
      threads: 1,
      iterations: items,
      real_time: (seconds / items) * 1e6,
      cpu_time: (cpuSeconds / items) * 1e6,
      time_unit: 'us',
      ...counters(seconds / items),
    }
  })
  const median = rows.map((row) => row.real_time).sort((a, b) => a - b)[REPETITIONS >> 1]
  console.log(`${name}: ${median.toFixed(2)} us`)
  return rows
}

function fastest(run) {
  const tries = Array.from({ length: TRIES }, () => {
    const cpuStart = process.cpuUsage()
    const start = performance.now()
    run()
    const seconds = (performance.now() - start) / 1000
    const { user, system } = process.cpuUsage(cpuStart)
    return { seconds, cpuSeconds: (user + system) / 1e6 }
  })
  return tries.sort((a, b) => a.seconds - b.seconds)[0]
}

function context() {
  return {
    date: new Date().toISOString(),
    host_name: hostname(),
    executable: 'bench/benchmark.mjs',
    num_cpus: availableParallelism(),
    caches: [],
    library_build_type: 'release',
    json_schema_version: 1,
  }
}
