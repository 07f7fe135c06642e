import { parseBenchmarkFile } from '../../src/benchmark/formats/parse.ts'
import type { Random } from '../../src/benchmark/random.ts'
import type { Arm, BenchmarkInput, BenchmarkRun, MetricPolicy } from '../../src/benchmark/types.ts'

/** One run whose only file has this text. */
export function aRun(arm: Arm, pair: number, text: string): BenchmarkRun {
  return { arm, pair, files: [{ path: 'result.json', parsed: parseBenchmarkFile(text, { path: 'result.json' }) }] }
}

export function aGate(policy: Partial<MetricPolicy> = { maxRegression: { kind: 'relative', fraction: 0.03 } }): MetricPolicy {
  return { gate: true, required: false, ...policy }
}

export function anInput(over: Partial<BenchmarkInput>): BenchmarkInput {
  return {
    name: 'bench',
    task: 'bench',
    testbed: 'bench (2 cores)',
    metrics: { latency_ms: aGate() },
    askedByBase: undefined,
    comparison: { kind: 'interleaved', base: 'measured', task: 'of-head' },
    runs: [],
    history: {},
    requiredCheck: false,
    onDefaultBranch: false,
    ...over,
  }
}

/** Runs of both arms that each give one number of a metric. */
export function numbers(base: readonly number[], head: readonly number[], metric = 'latency_ms'): readonly BenchmarkRun[] {
  const runs = (arm: Arm, values: readonly number[]) => values.map((value, pair) => aRun(arm, pair, JSON.stringify({ [metric]: value })))
  return [...runs('base', base), ...runs('head', head)]
}

export type Outcomes = { readonly both: number; readonly lost: number; readonly won: number; readonly neither: number }

/** One pair of runs over the same seeded episodes. */
export function episodes({ both, lost, won, neither }: Outcomes): readonly BenchmarkRun[] {
  const outcomes = [...repeat(both, 'both'), ...repeat(lost, 'base'), ...repeat(won, 'head'), ...repeat(neither, 'neither')]
  const text = (arm: Arm) =>
    JSON.stringify({ metrics: { success: { episodes: outcomes.map((who, seed) => ({ seed, success: who === 'both' || who === arm })) } } })
  return [aRun('base', 0, text('base')), aRun('head', 0, text('head'))]
}

export function swapArms(input: BenchmarkInput): BenchmarkInput {
  return { ...input, runs: input.runs.map((run) => ({ ...run, arm: run.arm === 'base' ? 'head' : 'base' })) }
}

/** Standard normal numbers (Box and Muller). */
export function gaussian(random: Random): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

function repeat<T>(count: number, value: T): readonly T[] {
  return Array.from({ length: count }, () => value)
}
