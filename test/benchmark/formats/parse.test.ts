import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readJson } from '../../../src/benchmark/formats/json.ts'
import { longestFile, parseBenchmarkFile } from '../../../src/benchmark/formats/parse.ts'
import type { MeasuredValue, Measurement } from '../../../src/benchmark/types.ts'

/** One line per example: the file, the format it is taken for, and its metrics as `name direction unit = value`. */
const plain: readonly (readonly [string, string, readonly string[]])[] = [
  ['{"latency_ms": 12.5}', 'json', ['latency_ms lower ms = [12.5]']],
  ['{"nav": {"p99": {"cpu_ms": 3}}, "device": "orin"}', 'json', ['nav.p99.cpu_ms lower ms = [3]']],
  ['{"latency": [1, 2, 3]}', 'json', ['latency lower - = [1,2,3]']],
  ['{"fps": 30, "fps_drop_rate": 1}', 'json', ['fps higher fps = [30]', 'fps_drop_rate higher - = [1]']],
  ['{"success": {"k": 164, "n": 200}}', 'json', ['success higher - = 164/200']],
  ['{"metrics": {"grasp": {"samples": [1, 2], "unit": "N", "better": "higher"}}, "seed": 7}', 'json', ['grasp higher N = [1,2]']],
  ['{"metrics": {"lap": {"mean": 2, "std": 0.1, "n": 5, "unit": "s"}}}', 'json', ['lap lower s = 2±0.1 of 5']],
  ['{"solved": [true, false, true], "crashed": false}', 'json', ['solved higher - = 2/3', 'crashed unknown - = 0/1']],
  [
    '{"metrics": {"success": {"episodes": [{"seed": 3, "success": true}, {"seed": 4, "success": 0}]}}}',
    'json',
    ['success higher - = ///3+ ///4-'],
  ],
  [
    '{"a": NaN, "b": -Infinity, "c": null, "d": 1e999, "e": "nan"}',
    'json',
    [
      'a unknown - = unmeasured: it is NaN',
      'b unknown - = unmeasured: it is -Infinity',
      'c unknown - = unmeasured: it is null',
      'd unknown - = unmeasured: it is Infinity',
      'e unknown - = unmeasured: it is the text "nan"',
    ],
  ],
  ['{"latency_ms": [1, NaN]}', 'json', ['latency_ms lower ms = unmeasured: sample 2 of 2 is NaN']],
  ['{"success": {"k": 0, "n": 0}}', 'json', ['success higher - = unmeasured: 0 trials']],
  ['{"success": {"k": 3, "n": 2}}', 'json', ['success higher - = unmeasured: 3 successes of 2 trials']],
  ['{"a_ms": 1, "a_ms": 2}', 'json', ['a_ms lower ms = unmeasured: the name comes twice']],
  ['{"a.b_ms": 1, "a": {"b_ms": 2}}', 'json', ['a.b_ms lower ms = unmeasured: the name comes 2 times']],
  ['{"__proto__": {"x_ms": 1}}', 'json', ['__proto__.x_ms lower ms = [1]']],
  ['{"lat\\u202eency\\u0000_ms": 1}', 'json', ['latency_ms lower ms = [1]']],
  [
    'success: 164/200\np99: 12.5 ms\n# note\nframes_per_second=31',
    'lines',
    ['success higher - = 164/200', 'p99 lower ms = [12.5]', 'frames_per_second higher /s = [31]'],
  ],
  [
    'test.py::plan: 3.2 s\naccuracy: 82 %\nloss: nan',
    'lines',
    ['test.py::plan lower s = [3.2]', 'accuracy higher % = [82]', 'loss lower - = unmeasured: it is NaN'],
  ],
  ['p50: 3 ms\np50: 4 ms', 'lines', ['p50 lower ms = unmeasured: the name comes 2 times']],
  ['Empty scene: 60 fps\nEmpty scene: 16 ms', 'lines', ['Empty scene [fps] higher fps = [60]', 'Empty scene [ms] lower ms = [16]']],
  ['{"latency_ms": 1}\n{"latency_ms": 2}\n', 'jsonl', ['latency_ms lower ms = [1,2]']],
  ['{"step": 1, "loss": 5}\n{"step": 2, "loss": 4}', 'jsonl', ['loss lower - = [4]']],
  ['latency_ms,fps\n1,30\n2,31\n', 'csv', ['latency_ms lower ms = [1,2]', 'fps higher fps = [30,31]']],
  ['scene,time_s\n"a, b",1\nc,2\nc,3', 'csv', ['a, b/time_s lower s = [1]', 'c/time_s lower s = [2,3]']],
  ['fps,time_s\n30,\n31,2', 'csv', ['fps higher fps = [30,31]', 'time_s lower s = unmeasured: row 1 of 2 is empty']],
]

describe('plain numbers', () => {
  for (const [text, format, metrics] of plain)
    it(text, () => {
      const parsed = parseBenchmarkFile(text, { path: 'result' })
      assert.equal(parsed.kind, 'measured')
      if (parsed.kind === 'measured') assert.deepEqual([parsed.format, parsed.measurements.map(show)], [format, metrics])
    })
})

const unreadable: readonly (readonly [string, RegExp])[] = [
  ['', /empty/],
  [' \n', /empty/],
  ['{"latency_ms": 12.', /not complete JSON/],
  ['{"latency_ms": 12.5', /truncated/],
  ['{"a": 1} x', /expected nothing more/],
  ['{}', /no number/],
  ['[]', /object of numbers/],
  ['Traceback (most recent call last)', /no number/],
  ['{"a": 1}\n{"a": ', /line 2/],
  ['fps,ms\n1,2\n3', /row 2 has 1 of 2 columns/],
  ['fps,ms\n', /no rows/],
  [`${'['.repeat(70)}1${']'.repeat(70)}`, /at most 64 levels/],
  [' '.repeat(longestFile + 1), /at most/],
]

describe('files without a number are unmeasured, with the reason', () => {
  for (const [text, reason] of unreadable)
    it(JSON.stringify(text.slice(0, 40)), () => {
      const parsed = parseBenchmarkFile(text, { path: 'result' })
      assert.ok(parsed.kind === 'unmeasured')
      assert.match(parsed.reason, reason)
    })
  it('a declared format wins over the content', () => {
    const parsed = parseBenchmarkFile('{"latency_ms": 1}', { path: 'result', format: 'lerobot' })
    assert.deepEqual(parsed, {
      kind: 'unmeasured',
      reason: 'it does not have the form of the declared format: expected per_task or per_episode',
    })
  })
  it('an unknown format names those that are known', () => {
    const parsed = parseBenchmarkFile('x: 1', { path: 'result', format: 'xml' })
    assert.match(parsed.kind === 'unmeasured' ? parsed.reason : '', /"xml" is not known; use one of plain, json/)
  })
})

describe('LeRobot', () => {
  it('pairs by group, task and index, whatever the order, and gives each task its rate', () => {
    assert.deepEqual(metricsOf('lerobot-per-task.json'), [
      'success higher - = shelf/1/0/- shelf/1/1/+ shelf/0/0/+ shelf/0/1/+ shelf/0/2/-',
      'success/shelf/1 higher - = shelf/1/0/- shelf/1/1/+',
      'success/shelf/0 higher - = shelf/0/0/+ shelf/0/1/+ shelf/0/2/-',
      'sum_reward higher - = [0.5,1.5,1,2,3]',
      'max_reward higher - = [0.5,1,1,1,1]',
      'eval_s lower s = [12.5]',
      'eval_ep_s lower s = [2.5]',
    ])
  })
  it('reads the older form with seeds, and keeps a NaN reward from being a number', () => {
    assert.deepEqual(metricsOf('lerobot-per-episode.json'), [
      'success higher - = //0/1000+ //1/1001-',
      'sum_reward higher - = unmeasured: sample 2 of 2 is NaN',
      'max_reward higher - = [1,0.5]',
      'eval_s lower s = [3]',
      'eval_ep_s lower s = [1.5]',
    ])
  })
  const broken: readonly (readonly [string, RegExp])[] = [
    ['{"per_task": []}', /0 episodes/],
    ['{"per_task": [{"task_group": "a", "task_id": 0, "metrics": {"successes": [true, NaN]}}]}', /no outcome: it is NaN/],
    ['{"per_task": [{"task_group": "a", "task_id": 0, "metrics": {"successes": []}}]}', /no outcome: it is missing/],
    ['{"per_task": [{"task_id": 0, "metrics": {"successes": [true]}}, {"task_id": 0, "metrics": {"successes": [true]}}]}', /comes twice/],
    ['{"per_task": [{"task_id": 0, "metrics": {"successes": [true]}}], "overall": {"n_episodes": 2}}', /1 outcomes, but n_episodes is 2/],
  ]
  for (const [text, reason] of broken)
    it(text, () => {
      const parsed = parseBenchmarkFile(text, { path: 'eval_info.json' })
      const success = parsed.kind === 'measured' ? parsed.measurements[0]?.value : undefined
      assert.match(success?.kind === 'unmeasured' ? success.reason : '', reason)
    })
})

describe('Google Benchmark', () => {
  it('takes repetitions as samples, counters as metrics, aggregates only when there is nothing else, and errors as unmeasured', () => {
    assert.deepEqual(metricsOf('google-benchmark.json'), [
      'BM_Solve/8/real_time lower us = [71.4,71.9,71.1]',
      'BM_Solve/8/cpu_time lower us = [71.2,71.6,71]',
      'BM_Solve/8/items_per_second higher /s = [14000,13900,14100]',
      'BM_Solve/8/contacts unknown - = [12,12,12]',
      'BM_Means/real_time lower ns = 20±0.5 of 5',
      'BM_Means/cpu_time lower ns = 19±0.4 of 5',
      'BM_Broken/real_time lower ns = unmeasured: error: no device',
      'BM_Broken/cpu_time lower ns = unmeasured: error: no device',
      'BM_Nan/real_time lower ns = unmeasured: it is NaN',
      'BM_Nan/cpu_time lower ns = unmeasured: it is Infinity',
    ])
  })
  it('warns of a debug build and of frequency scaling', () => {
    const parsed = parseBenchmarkFile(fixture('google-benchmark.json'), { path: 'result.json' })
    assert.deepEqual(parsed.kind === 'measured' && parsed.warnings, [
      'the benchmark library is a debug build',
      'CPU frequency scaling is on',
    ])
  })
  it('refuses a name that comes twice', () => {
    const row =
      '{"name": "A", "run_name": "A", "run_type": "iteration", "repetition_index": 0, "real_time": 1, "cpu_time": 1, "time_unit": "ns"}'
    const parsed = parseBenchmarkFile(`{"context": {}, "benchmarks": [${row}, ${row}]}`, { path: 'result.json' })
    assert.deepEqual(parsed.kind === 'measured' && parsed.measurements.map(show), [
      'A/real_time lower ns = unmeasured: the name comes twice',
      'A/cpu_time lower ns = unmeasured: the name comes twice',
    ])
  })
})

describe('bounds', () => {
  it('reads at most 1000 metrics and says so', () => {
    const parsed = parseBenchmarkFile(
      JSON.stringify(Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`m${index}`, index]))),
      { path: 'result' },
    )
    assert.ok(parsed.kind === 'measured')
    assert.equal(parsed.measurements.length, 1000)
    assert.match(parsed.warnings[0] ?? '', /only the first 1000/)
  })
  it('cuts long names', () => {
    const parsed = parseBenchmarkFile(JSON.stringify({ ['x'.repeat(5000)]: 1 }), { path: 'result' })
    assert.equal(parsed.kind === 'measured' && parsed.measurements[0]?.metric.length, 200)
  })
  it('reads JSON as the standard reader does', () => {
    for (const text of ['{"a":[1,-2.5e-3,"x\\"\\u00e9",true,null,{}]}', '[]', '0', '"a"', ' [ 1 , 2 ] ']) {
      const reading = readJson(text)
      assert.deepEqual(reading.kind === 'read' ? plainOf(reading.value) : reading.reason, JSON.parse(text))
    }
  })
  for (const text of ['01', '[1,]', '{"a" 1}', '{a: 1}', '+1', '.5', '1.', 'nan', '"\u0000"', '"a', '\\', '[1 2]', 'tru'])
    it(`refuses ${JSON.stringify(text)} as the standard reader does`, () => {
      assert.throws(() => JSON.parse(text))
      assert.equal(readJson(text).kind, 'malformed')
    })
})

function metricsOf(name: string): readonly string[] {
  const parsed = parseBenchmarkFile(fixture(name), { path: name })
  return parsed.kind === 'measured' ? parsed.measurements.map(show) : [parsed.reason]
}

function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/benchmark/${name}`, import.meta.url), 'utf8')
}

function show({ metric, direction, unit, value }: Measurement): string {
  return `${metric} ${direction} ${unit || '-'} = ${showValue(value)}`
}

function showValue(value: MeasuredValue): string {
  switch (value.kind) {
    case 'samples':
      return JSON.stringify(value.samples)
    case 'rate':
      return `${value.successes}/${value.trials}`
    case 'summary':
      return `${value.mean}±${value.standardDeviation} of ${value.count}`
    case 'episodes':
      return value.episodes.map(({ key, success }) => `${key}${success ? '+' : '-'}`).join(' ')
    case 'unmeasured':
      return `unmeasured: ${value.reason}`
  }
}

function plainOf(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, inner]) => [key, plainOf(inner)]))
  return Array.isArray(value) ? value.map(plainOf) : value
}
