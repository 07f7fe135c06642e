import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../src/benchmark/judge.ts'
import { formatNumber, sparkline } from '../../src/benchmark/report/numbers.ts'
import { benchmarkHeadline, benchmarkSection, benchmarkTitle } from '../../src/benchmark/report.ts'
import { aGate, anInput, aRun, episodes, numbers } from './builders.ts'

const base = [43, 42.6, 43.4, 42.8, 41.6, 43.1, 42.5, 42.9, 43.3, 42.2].map((value) => value / 1.0437)
const head = [43, 42.6, 43.4, 42.8, 41.6, 43.1, 42.5, 42.9, 43.3, 42.2]
const navigation = anInput({
  name: 'nav',
  task: 'evaluate',
  testbed: 'simulation',
  metrics: { success: aGate({ maxRegression: { kind: 'points', points: 0.05 } }) },
  runs: episodes({ both: 140, lost: 40, won: 12, neither: 8 }),
  history: { success: [0.9, 0.92, 0.88, 0.9] },
})
const bench = anInput({ runs: numbers(base, head) })
const context = {
  spec: 'nav-eval',
  headCommit: '3f2c91a0b',
  base: { mergeBase: 'b7d04e2ff', olderInputs: [] },
  subject: 'pull-request' as const,
  links: [{ text: 'report', url: 'https://ci.example/w/1' }],
}

describe('the section of a spec', () => {
  const judgement = judge([navigation, bench])
  const section = benchmarkSection(judgement, context)
  const lines = section.split('\n')

  it('has the verdict in its first line', () => {
    assert.equal(lines[0], '### ❌ success −14.0 pts · ❌ latency\\_ms +4.4 % · 0 of 2 gates fine')
    assert.equal(benchmarkTitle(judgement), '❌ success −14.0 pts · ❌ latency_ms +4.4 % · 0 of 2 gates fine')
  })
  it('says what was compared with what', () =>
    assert.equal(
      lines[2],
      '`nav-eval` on `3f2c91a` vs merge base `b7d04e2`, run in turn on the same node · [report](<https://ci.example/w/1>)',
    ))
  it('says whose outputs the base arm read, where they are older than its code', () =>
    assert.match(
      benchmarkSection(judgement, { ...context, base: { mergeBase: 'b7d04e2ff', olderInputs: ['a1a1a1a1a'] } }),
      /vs merge base `b7d04e2` with outputs of `a1a1a1a`, which is older, run in turn on the same node/,
    ))
  it('has a row per gate: base, this PR, change with interval, evidence, verdict', () => {
    assert.deepEqual(lines.slice(4, 8), [
      '| gate | base | this PR | change (95 % CI) | evidence | verdict |',
      '|:--|--:|--:|--:|:--|:--|',
      '| **`success`**, nav (evaluate) on simulation | 90.0 % | 76.0 % | **−14.0 pts** (−20.9…−7.1) | 200 pairs: 40 lost, 12 won · q\\<.001 | ❌ over the budget of 5 pts |',
      '| **`latency_ms`**, bench on bench (2 cores) | 41.1 ms | 42.8 ms | **+4.4 %** (+3.2…+5.6) | 10+10 runs · q\\<.001 | ❌ over the budget of 3 % |',
    ])
  })
  it("on a push's check speaks of the commit, and of the button in place of commands", () => {
    const pushed = benchmarkSection(judgement, { spec: 'nav-eval', headCommit: '3f2c91a0b', subject: 'commit' })
    assert.match(pushed, /^\| gate \| base \| this commit \|/m)
    assert.match(pushed, /^\| metric \| testbed \| base \| commit \|/m)
    assert.match(pushed, /Again: "Re-run" on this check/)
    assert.doesNotMatch(pushed, /this PR|\/osmo/)
  })
  it('has the trend of main', () => assert.ok(section.includes('Trend on the default branch (last 4 runs): `success` `▅█▁▅` 90.0 %')))
  it('has all metrics and the method, folded', () =>
    assert.deepEqual(section.match(/<summary>.*?<\/summary>/g), [
      '<summary>All 2 metrics · 2 testbeds</summary>',
      '<summary>How this was judged</summary>',
    ]))
  it('says what could not be seen', () =>
    assert.match(section, /- `success`: worse by 11\.\d points or more would be seen in 80 % of such runs\./))
  it('offers only commands that exist', () => assert.deepEqual(section.match(/\/osmo [^`]*/g), ['/osmo run nav-eval']))
  it('is the same text for the same judgement', () => assert.equal(benchmarkSection(judge([navigation, bench]), context), section))
})

describe('verdicts in words', () => {
  const words = (input: Parameters<typeof judge>[0][number]) => benchmarkHeadline(judge([input]))
  const missing = { kind: 'interleaved', base: 'missing', reason: 'no policy', remedy: 'run `/osmo run nav-eval` on main' } as const
  const table = [
    ['fine', anInput({ runs: numbers(base, base) }), '✅ 1 of 1 gate fine'],
    ['improved', anInput({ runs: numbers(head, base) }), '✅ latency\\_ms −4.2 % · ✅ 1 of 1 gate fine'],
    [
      'inconclusive',
      anInput({
        runs: numbers(
          base,
          base.map((value) => value * 1.025),
        ),
      }),
      '❔ latency\\_ms inconclusive · 0 of 1 gate fine',
    ],
    [
      'unmeasured',
      anInput({ runs: [aRun('base', 0, '{"latency_ms": 3}'), aRun('head', 0, '{"latency_ms": NaN}')] }),
      '❌ latency\\_ms unmeasured · 0 of 1 gate fine',
    ],
    ['no base', anInput({ comparison: missing, runs: numbers([], head) }), '❔ latency\\_ms has no base · 0 of 1 gate fine'],
    [
      'outside a limit',
      anInput({ metrics: { latency_ms: aGate({ max: 5 }) }, comparison: { kind: 'none' }, runs: numbers([], head) }),
      '❌ latency\\_ms outside its limit · 0 of 1 gate fine',
    ],
    ['no gates', anInput({ metrics: {}, runs: numbers(base, base) }), 'ℹ️ 1 metric shown, none is a gate'],
  ] as const
  for (const [what, input, expected] of table) it(`${what}: ${expected}`, () => assert.equal(words(input), expected))
  it('an open gate says what settles it', () => {
    const judgement = judge([
      anInput({
        requiredCheck: true,
        runs: numbers(
          base,
          base.map((value) => value * 1.02),
        ),
      }),
    ])
    assert.match(
      benchmarkSection(judgement, context),
      /> \[!WARNING\]\n> - `latency_ms`: about \d+ more pairs would settle it; raise `pairs` under `compare` in the spec\./,
    )
  })
  it('a missing base says what to do', () => {
    const judgement = judge([anInput({ comparison: missing, runs: numbers([], head) })])
    assert.match(benchmarkSection(judgement, context), /> \[!NOTE\]\n> - `latency_ms`: no policy; run \\`\/osmo run nav-eval\\` on main/)
  })
})

describe('hostile names and sizes', () => {
  const name = 'x|`<img src=a>` @octocat #1 https://evil.example </details>\n### all green'
  const text = (value: number) => JSON.stringify({ [name]: value })
  const runs = base.flatMap((value, pair) => [aRun('base', pair, text(value)), aRun('head', pair, text(value * 2))])
  const input = anInput({
    name,
    task: name,
    testbed: name,
    metrics: { '**': aGate({ maxRegression: { kind: 'relative', fraction: 0.03 }, direction: 'lower' }) },
    runs,
  })
  const section = benchmarkSection(judge([input, navigation]), {
    ...context,
    spec: name,
    remarks: [name],
    links: [{ text: name, url: 'https://x/) @octocat <b>' }],
  })

  it('stay text', () => {
    const outside = section.replace(/`[^`\n]*`/g, '').replace(/\\[\s\S]/g, '')
    assert.doesNotMatch(outside, /<img|@octocat(?!%)|#1\b|https:\/\/evil|### all/)
    assert.deepEqual(outside.match(/<\/?details>/g), ['<details>', '</details>', '<details>', '</details>'])
  })
  it('keep every table row at six cells', () => {
    const rows = section.split('\n').filter((line) => line.startsWith('|'))
    for (const row of rows) assert.equal(row.replace(/\\[\s\S]/g, '').split('|').length, 8, row)
  })
  it('a thousand metrics stay within the limit, gates first', () => {
    const metrics = JSON.stringify(
      Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`m${index}_${'x'.repeat(100)}_ms`, index])),
    )
    const crowded = anInput({ metrics: {}, runs: [aRun('base', 0, metrics), aRun('head', 0, metrics)] })
    const long = benchmarkSection(judge([crowded, navigation]), { ...context, longestCharacters: 6000 })
    assert.ok(long.length <= 6000, `${long.length}`)
    assert.match(long, /\*\*`success`\*\*/)
    assert.match(long, /… and 8\d\d more/)
    assert.ok(long.endsWith('Again: `/osmo run nav-eval`\n'), 'it is whole')
  })
})

describe('numbers', () => {
  const table = [
    [0.0412345, '0.0412'],
    [41.04, '41.0'],
    [999.6, '999.6'],
    [1234.5, '1235'],
    [12345.6, '12350'],
    [-2.7, '−2.70'],
    [0, '0'],
    [1e-9, '1.00e−9'],
    [Number.POSITIVE_INFINITY, '∞'],
  ] as const
  for (const [value, text] of table) it(`${value} is ${text}`, () => assert.equal(formatNumber(value), text))
  it('one value is where a trend begins', () => assert.equal(sparkline([1]), '▄'))
  it('no value is no trend', () => assert.equal(sparkline([Number.NaN]), ''))
  it('a flat line is flat', () => assert.equal(sparkline([2, 2, 2]), '▄▄▄'))
  it('only the last 30 are drawn', () => assert.equal([...sparkline(Array.from({ length: 100 }, (_, index) => index))].length, 30))
})
