import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { parseBenchmarkFile } from '../../src/benchmark/formats/parse.ts'
import { historyValue } from '../../src/benchmark/history.ts'
import { judge } from '../../src/benchmark/judge.ts'
import { type Random, seededRandom } from '../../src/benchmark/random.ts'
import { benchmarkSection, benchmarkTitle } from '../../src/benchmark/report.ts'
import type { BenchmarkInput, BenchmarkRun } from '../../src/benchmark/types.ts'
import { aGate, anInput, aRun, gaussian, numbers, swapArms } from './builders.ts'

/** Set BENCHMARK_SEED to repeat a run that failed. */
const seed = Number(process.env.BENCHMARK_SEED ?? Date.now() % 2 ** 31)

/** Whole files and the gate that each carries. */
const wholes: readonly (readonly [string, string])[] = [
  ['{"metrics": {"latency_ms": {"samples": [40.1, 40.2, 40.3], "unit": "ms"}, "other": 3}}', 'latency_ms'],
  ['{"nav": {"latency_ms": 40.5}, "fps": 31}', 'nav.latency_ms'],
  ['{"success": {"k": 164, "n": 200}}', 'success'],
  [fixture('lerobot-per-task.json'), 'success'],
  [fixture('google-benchmark.json'), 'BM_Solve/8/real_time'],
]

type Break = (text: string, random: Random) => string
const breaks: Readonly<Record<string, Break>> = {
  'cut anywhere': (text, random) => text.trimEnd().slice(0, Math.floor(random() * (text.trimEnd().length - 1))),
  emptied: () => '',
  blank: () => ' \n\n',
  'all numbers are NaN': (text) =>
    text.replace(/: ?-?\d[\d.]*|true|false|(?<=[[ ])-?\d[\d.]*/g, (found) => (found.startsWith(':') ? ': NaN' : 'NaN')),
  'all numbers are null': (text) =>
    text.replace(/: ?-?\d[\d.]*|true|false|(?<=[[ ])-?\d[\d.]*/g, (found) => (found.startsWith(':') ? ': null' : 'null')),
  'keys renamed': (text) => text.replace(/"(latency_ms|success|successes|run_name|name|per_task)"/g, '"renamed_$1"'),
  'a traceback': () => 'Traceback (most recent call last):\n  File "eval.py", line 3\nKeyError: 3',
  'repeated after itself': (text) => text + text,
  'a page of HTML': () => '<html><body>502 Bad Gateway</body></html>',
}

describe(`a gate whose file is broken is never green (seed ${seed})`, () => {
  for (const [name, broken] of Object.entries(breaks))
    it(name, () => {
      const random = seededRandom(seed)
      for (let trial = 0; trial < 40; trial++)
        for (const [text, gate] of wholes) {
          const judgement = judge([brokenInput(text, broken(text, random), gate, random)])
          assert.notEqual(judgement.conclusion, 'success', `${broken(text, random).slice(0, 200)}`)
        }
    })
  it('and whole files would have been', () => {
    for (const [text, gate] of wholes) assert.equal(judge([brokenInput(text, text, gate, seededRandom(1))]).conclusion, 'success', gate)
  })
})

describe(`nothing throws, and every number is finite (seed ${seed})`, () => {
  it('on mutated files in every format', () => {
    const random = seededRandom(seed)
    for (let trial = 0; trial < 400; trial++) {
      const [whole = ''] = pick(random, wholes) ?? []
      const text = mutate(whole, random)
      for (const format of [undefined, 'plain', 'json', 'jsonl', 'csv', 'lines', 'lerobot', 'google-benchmark'])
        assertFinite(parseBenchmarkFile(text, { path: 'x', ...(format === undefined ? {} : { format }) }))
    }
  })
  it('on judging and writing up whatever came out', () => {
    const random = seededRandom(seed)
    for (let trial = 0; trial < 150; trial++) {
      const arms = (['base', 'head'] as const).flatMap((arm) =>
        Array.from({ length: 1 + Math.floor(random() * 6) }, (_, pair) =>
          aRun(arm, pair, mutate((pick(random, wholes) ?? [''])[0] ?? '', random)),
        ),
      )
      const input = anInput({
        metrics: { '**': aGate({ maxRegression: { kind: 'points', points: 0.03 }, max: 40, direction: 'lower' }), gone: aGate() },
        runs: arms,
      })
      const judgement = judge([input, { ...input, comparison: { kind: 'none' } }])
      assert.notEqual(judgement.conclusion, 'success')
      assert.ok(benchmarkSection(judgement, { spec: 'x', headCommit: 'abc', subject: 'pull-request' }).length <= 20_000)
      assert.ok(benchmarkTitle(judgement).length <= 200)
    }
  })
})

describe(`swapping the arms (seed ${seed})`, () => {
  const mirror: Readonly<Record<string, string>> = { regressed: 'improved', improved: 'regressed' }
  it('mirrors regressed and improved, for numbers of any sign and either direction', () => {
    const random = seededRandom(seed)
    const normal = gaussian(random)
    let decided = 0
    for (let trial = 0; trial < 400; trial++) {
      const level = random() < 0.3 ? -5 + 10 * random() : 100
      const arm = (shift: number) => Array.from({ length: 10 }, () => level * (1 + shift + 0.02 * normal()))
      const direction = random() < 0.5 ? 'lower' : 'higher'
      const input = anInput({
        metrics: { latency_ms: aGate({ maxRegression: { kind: 'relative', fraction: 0.03 }, direction }) },
        runs: numbers(arm(0), arm(0.12 * (random() - 0.5))),
      })
      const [one, other] = [judge([input]).rows[0]?.outcome ?? '', judge([swapArms(input)]).rows[0]?.outcome ?? '']
      if (one in mirror || other in mirror) decided++
      if (one in mirror || other in mirror) assert.equal(other, mirror[one])
    }
    assert.ok(decided > 50, `only ${decided} of 400 were decided`)
  })
})

describe('what history keeps', () => {
  const table = [
    ['{"latency_ms": [3, 1, 2]}', 2],
    ['{"success": {"k": 3, "n": 4}}', 0.75],
    ['{"metrics": {"lap": {"mean": 2, "std": 0.1, "n": 5}}}', 2],
    ['{"metrics": {"success": {"episodes": [{"seed": 1, "success": true}, {"seed": 2, "success": false}]}}}', 0.5],
    ['{"latency_ms": NaN}', undefined],
  ] as const
  for (const [text, expected] of table)
    it(`${text}: ${expected}`, () => {
      const parsed = parseBenchmarkFile(text, { path: 'x' })
      const [measurement] = parsed.kind === 'measured' ? parsed.measurements : []
      assert.equal(measurement && historyValue(measurement), expected)
    })
})

/** A push to the default branch with one limit that any number meets, so that only a missing number can stop it. Five runs, one of them broken. */
function brokenInput(whole: string, broken: string, gate: string, random: Random): BenchmarkInput {
  const victim = Math.floor(random() * 5)
  const runs: readonly BenchmarkRun[] = Array.from({ length: 5 }, (_, pair) => aRun('head', pair, pair === victim ? broken : whole))
  return anInput({ metrics: { [gate]: aGate({ min: -1e9 }) }, comparison: { kind: 'none' }, onDefaultBranch: true, runs })
}

function assertFinite(parsed: ReturnType<typeof parseBenchmarkFile>): void {
  if (parsed.kind === 'unmeasured') assert.ok(parsed.reason.length > 0)
  for (const measurement of parsed.kind === 'measured' ? parsed.measurements : []) {
    const value = historyValue(measurement)
    assert.equal(value === undefined, measurement.value.kind === 'unmeasured', JSON.stringify(measurement))
  }
}

const fragments = [
  'NaN',
  '-Infinity',
  'null',
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '1e999',
  '-0',
  '\\u0000',
  '\u202e',
  '\n',
  '"__proto__":',
  'true',
  '9'.repeat(400),
  '/0',
  '=',
]

/** Up to five edits: a fragment put in, or a stretch taken out. */
function mutate(text: string, random: Random): string {
  let mutated = text
  for (let edit = Math.floor(random() * 5); edit >= 0; edit--) {
    const at = Math.floor(random() * mutated.length)
    const removed = random() < 0.5 ? Math.floor(random() * 30) : 0
    mutated = mutated.slice(0, at) + (random() < 0.7 ? (pick(random, fragments) ?? '') : '') + mutated.slice(at + removed)
  }
  return mutated
}

function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items[Math.floor(random() * items.length)]
}

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/benchmark/${name}`, import.meta.url), 'utf8')
}
