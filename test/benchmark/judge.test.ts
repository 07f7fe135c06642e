import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../src/benchmark/judge.ts'
import type { BenchmarkInput, BenchmarkRun, MetricPolicy } from '../../src/benchmark/types.ts'
import { aGate, anInput, aRun, episodes, numbers, swapArms } from './builders.ts'

const ten = [40.1, 40.5, 39.8, 40.3, 39.9, 40.2, 40.6, 39.7, 40.4, 40]
const times = (factor: number) => ten.map((value, index) => value * factor + index * 0.001)
const points = (amount: number): MetricPolicy => aGate({ maxRegression: { kind: 'points', points: amount / 100 } })

describe('numbers, 10+10 runs, budget 3 %, lower is better', () => {
  const table: readonly (readonly [string, number, string, string])[] = [
    ['unchanged', 1, 'fine', 'success'],
    ['1 % slower, within the budget', 1.01, 'fine', 'success'],
    ['2.8 % slower, near the budget', 1.028, 'inconclusive', 'neutral'],
    ['5 % slower', 1.05, 'regressed', 'failure'],
    ['5 % faster', 0.95, 'improved', 'success'],
  ]
  for (const [what, factor, outcome, conclusion] of table)
    it(`${what}: ${outcome}, ${conclusion}`, () => {
      const judgement = judge([anInput({ runs: numbers(ten, times(factor)) })])
      assert.deepEqual([judgement.rows[0]?.outcome, judgement.conclusion], [outcome, conclusion])
    })
  it('the same numbers under `direction: higher` mirror', () => {
    const metrics = { latency_ms: aGate({ maxRegression: { kind: 'relative', fraction: 0.03 }, direction: 'higher' }) }
    assert.equal(judge([anInput({ metrics, runs: numbers(ten, times(1.05)) })]).rows[0]?.outcome, 'improved')
    assert.equal(judge([anInput({ metrics, runs: numbers(ten, times(0.95)) })]).rows[0]?.outcome, 'regressed')
  })
  it('one value per run: many samples of one run are no replication', () => {
    const text = (value: number) => JSON.stringify({ latency_ms: Array.from({ length: 500 }, (_, index) => value + index / 1000) })
    const judgement = judge([anInput({ runs: [aRun('base', 0, text(40)), aRun('head', 0, text(80))] })])
    assert.deepEqual([judgement.rows[0]?.outcome, judgement.rows[0]?.further], ['inconclusive', { count: 4, counted: 'pairs' }])
  })
  it('a budget in microseconds fits a metric in milliseconds', () => {
    const metrics = { latency_ms: aGate({ maxRegression: { kind: 'absolute', amount: 1000, unit: 'us' } }) }
    const row = judge([anInput({ metrics, runs: numbers(ten, times(1.05)) })]).rows[0]
    assert.deepEqual([row?.outcome, row?.budget], ['regressed', { scale: 'absolute', amount: 1 }])
  })
  it('deterministic counts tie within their arms and are still told apart', () => {
    const runs = numbers(Array(10).fill(1000), Array(10).fill(1100))
    assert.equal(judge([anInput({ runs })]).rows[0]?.outcome, 'regressed')
  })
})

describe('gates that only head asks for', () => {
  const shifted = [100, 101, 99, 102, 98, 100.5, 99.5, 101.5, 98.5, 100.2]
  const slower = shifted.map((value, index) => value * (index === 9 ? 0.99 : 1.03) + 0.6 * Math.sin(index))
  const gate = aGate({ maxRegression: { kind: 'relative', fraction: 0.01 } })
  const padding = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`padding_${index}`, gate]))
  const withPadding = numbers(shifted, slower).map(({ arm, pair, files: [file] }) => {
    const latency = file?.parsed.kind === 'measured' ? file.parsed.measurements[0]?.value : undefined
    assert.ok(latency?.kind === 'samples')
    const constants = Object.fromEntries(Object.keys(padding).map((name) => [name, 5]))
    return aRun(arm, pair, JSON.stringify({ latency_ms: latency.samples[0], ...constants }))
  })
  const outcome = (over: Partial<BenchmarkInput>) =>
    judge([anInput({ runs: withPadding, ...over })]).rows.find(({ metric }) => metric === 'latency_ms')?.outcome

  it('do not dilute what base asks', () => {
    assert.equal(outcome({ metrics: { latency_ms: gate } }), 'regressed')
    assert.equal(outcome({ metrics: { latency_ms: gate, ...padding } }), 'inconclusive')
    assert.equal(outcome({ metrics: { latency_ms: gate, ...padding }, askedByBase: { latency_ms: gate } }), 'regressed')
  })

  it('nor do limits that head puts beside them, and both families are said', () => {
    const bounded = { ...gate, min: 0, max: 1e9 }
    const judgement = judge([
      anInput({ runs: withPadding, metrics: { latency_ms: bounded, 'pad*': gate }, askedByBase: { latency_ms: gate } }),
    ])
    assert.deepEqual(judgement.gateTests, { base: 1, head: 22, unknown: 0 })
    assert.equal(judgement.rows.find(({ metric }) => metric === 'latency_ms')?.outcome, 'regressed')
  })

  describe('names that head adds below a pattern of base', () => {
    const metrics = { '*': gate }
    const ofBase = { kind: 'interleaved', base: 'measured', task: 'of-base' } as const
    const ofHead = { ...ofBase, task: 'of-head' } as const
    const baseRuns = numbers(shifted, []).concat(withPadding.filter(({ arm }) => arm === 'head'))
    const everything = Object.fromEntries(['latency_ms', ...Object.keys(padding)].map((name) => [name, [1]]))
    const table: readonly (readonly [string, Partial<BenchmarkInput>, string, object])[] = [
      ['the default branch has measured them all', { history: everything }, 'inconclusive', { base: 21, head: 0, unknown: 0 }],
      ['it has measured the latency alone', { history: { latency_ms: [1] } }, 'regressed', { base: 1, head: 20, unknown: 0 }],
      ['nor has it ever measured', {}, 'regressed', { base: 0, head: 0, unknown: 21 }],
      ['base’s own task gave them too', { comparison: ofBase }, 'inconclusive', { base: 21, head: 0, unknown: 0 }],
      ['base’s own task gave the latency alone', { comparison: ofBase, runs: baseRuns }, 'regressed', { base: 1, head: 20, unknown: 0 }],
    ]
    for (const [what, over, expected, tests] of table)
      it(`${what}: ${expected}`, () => {
        const judgement = judge([anInput({ runs: withPadding, metrics, askedByBase: metrics, comparison: ofHead, ...over })])
        assert.equal(judgement.rows.find(({ metric }) => metric === 'latency_ms')?.outcome, expected)
        assert.deepEqual(judgement.gateTests, tests)
      })
    it('stay in its family where it spells them out', () => {
      const spelled = { 'pad*': gate, padding_0: { ...gate, gate: false }, latency_ms: gate }
      const judgement = judge([anInput({ runs: withPadding, metrics: spelled, askedByBase: spelled, history: { latency_ms: [1] } })])
      assert.deepEqual(judgement.gateTests, { base: 2, head: 19, unknown: 0 })
    })
  })
})

describe('success over paired episodes, budget 5 points', () => {
  const table: readonly (readonly [{ both: number; lost: number; won: number; neither: number }, string, string])[] = [
    [{ both: 140, lost: 40, won: 12, neither: 8 }, 'regressed', 'failure'],
    [{ both: 140, lost: 12, won: 40, neither: 8 }, 'improved', 'success'],
    [{ both: 380, lost: 4, won: 4, neither: 12 }, 'fine', 'success'],
    [{ both: 80, lost: 8, won: 6, neither: 6 }, 'inconclusive', 'neutral'],
    [{ both: 10, lost: 0, won: 0, neither: 0 }, 'inconclusive', 'neutral'],
  ]
  for (const [outcomes, outcome, conclusion] of table)
    it(`${JSON.stringify(outcomes)}: ${outcome}, ${conclusion}`, () => {
      const judgement = judge([anInput({ metrics: { success: points(5) }, runs: episodes(outcomes) })])
      assert.deepEqual([judgement.rows[0]?.outcome, judgement.conclusion], [outcome, conclusion])
    })
  it('the change and its interval are those of Newcombe’s paired method', () => {
    const change = judge([anInput({ metrics: { success: points(5) }, runs: episodes({ both: 140, lost: 40, won: 12, neither: 8 }) })])
      .rows[0]?.change
    assert.ok(change && change.kind === 'points')
    assert.deepEqual(
      [change.estimate, change.low, change.high].map((value) => Number((value * 100).toFixed(3))),
      [-14, -20.913, -7.08],
    )
  })
  it('too few episodes to be fine, whatever head does: that is said', () => {
    const input = anInput({ metrics: { success: points(5) }, runs: episodes({ both: 20, lost: 0, won: 0, neither: 5 }) })
    assert.match(judge([input]).rows[0]?.note ?? '', /^25 episodes cannot be fine even if none differs; about \d+ can$/)
    const enough = anInput({ metrics: { success: points(5) }, runs: episodes({ both: 360, lost: 0, won: 0, neither: 40 }) })
    assert.deepEqual([judge([enough]).rows[0]?.note, judge([enough]).rows[0]?.outcome], ['', 'fine'])
  })
  it('an evaluation repeated ten times counts once, and that is said', () => {
    const [base, head] = episodes({ both: 20, lost: 3, won: 0, neither: 2 })
    const runs = Array.from({ length: 10 }, (_, pair) =>
      [base, head].filter((run) => run !== undefined).map((run) => ({ ...run, pair })),
    ).flat()
    const row = judge([anInput({ metrics: { success: points(5) }, runs })]).rows[0]
    assert.deepEqual(row?.sample, { kind: 'episodes', table: { both: 20, baseOnly: 3, headOnly: 0, neither: 2 }, pairs: 25 })
    assert.match(row?.note ?? '', /9 pairs with the same outcomes throughout as an earlier pair count once/)
  })
  it('episodes that base played and head lacks are missing, not forgiven', () => {
    const [base] = episodes({ both: 10, lost: 0, won: 0, neither: 0 })
    const [, head] = episodes({ both: 9, lost: 0, won: 0, neither: 0 })
    const runs = [base, head].filter((run) => run !== undefined)
    const judgement = judge([anInput({ metrics: { success: points(5) }, runs })])
    assert.deepEqual([judgement.conclusion, judgement.rows[0]?.note], ['failure', '1 of the 10 episodes that base played are missing'])
  })
  it('counts that repeat in every pair count once, and that is said', () => {
    const runs = Array.from({ length: 10 }, (_, pair) => [
      aRun('base', pair, 'success: 18/20'),
      aRun('head', pair, 'success: 15/20'),
    ]).flat()
    const row = judge([anInput({ metrics: { success: points(5) }, runs })]).rows[0]
    assert.deepEqual(
      [row?.sample, row?.note],
      [{ kind: 'counts', base: { k: 18, n: 20 }, head: { k: 15, n: 20 } }, 'all pairs have the same counts and count once'],
    )
  })
  it('a plain share takes a budget in points too', () => {
    const metrics = { success_rate: points(5) }
    assert.equal(
      judge([
        anInput({
          metrics,
          runs: numbers(
            ten.map((value) => value / 50),
            ten.map((value) => value / 60),
            'success_rate',
          ),
        }),
      ]).rows[0]?.outcome,
      'regressed',
    )
  })
  it('counts without episodes are compared as independent rates', () => {
    const runs = [aRun('base', 0, 'success: 180/200'), aRun('head', 0, 'success: 140/200')]
    const row = judge([anInput({ metrics: { success: points(5) }, runs })]).rows[0]
    assert.deepEqual([row?.outcome, row?.sample?.kind], ['regressed', 'counts'])
  })
})

describe('limits', () => {
  const table: readonly (readonly [string, readonly number[], Partial<MetricPolicy>, string, string])[] = [
    ['one value inside max', [49], { max: 50 }, 'fine', 'success'],
    ['one value outside max', [51], { max: 50 }, 'regressed', 'failure'],
    ['ten values inside max', ten, { max: 41 }, 'fine', 'success'],
    ['ten values outside max', ten, { max: 39 }, 'regressed', 'failure'],
    ['ten values around max', ten, { max: 40.2 }, 'inconclusive', 'neutral'],
    ['ten values above min', ten, { min: 39 }, 'fine', 'success'],
    ['ten values below min', ten, { min: 41 }, 'regressed', 'failure'],
    ['ten values around a required max', ten, { max: 40.2, required: true }, 'inconclusive', 'action_required'],
  ]
  for (const [what, values, policy, outcome, conclusion] of table)
    it(`${what}: ${outcome}, ${conclusion}`, () => {
      const judgement = judge([
        anInput({ metrics: { latency_ms: aGate(policy) }, comparison: { kind: 'none' }, runs: numbers([], values) }),
      ])
      assert.deepEqual([judgement.rows[0]?.outcome, judgement.conclusion], [outcome, conclusion])
    })
  it('fewer than 5 samples: that is said', () => {
    const row = judge([anInput({ metrics: { latency_ms: aGate({ max: 50 }) }, comparison: { kind: 'none' }, runs: numbers([], [49]) })])
      .rows[0]
    assert.equal(row?.note, 'judged by the value itself: 1 sample, fewer than 5')
  })
  for (const [k, outcome] of [
    [95, 'fine'],
    [85, 'inconclusive'],
    [60, 'regressed'],
  ] as const)
    it(`a rate of ${k}/100 with min 0.8: ${outcome}`, () => {
      const input = anInput({
        metrics: { success: aGate({ min: 0.8 }) },
        comparison: { kind: 'none' },
        runs: [aRun('head', 0, `success: ${k}/100`)],
      })
      assert.equal(judge([input]).rows[0]?.outcome, outcome)
    })
  it('a limit that is broken fails although the change is within its budget', () => {
    const metrics = { latency_ms: aGate({ maxRegression: { kind: 'relative', fraction: 0.03 }, max: 39 }) }
    assert.equal(judge([anInput({ metrics, runs: numbers(ten, ten) })]).conclusion, 'failure')
  })
})

describe('what is missing', () => {
  const head = numbers([], ten)
  const missing = {
    kind: 'interleaved',
    base: 'missing',
    reason: 'the policy of the merge base is not there',
    remedy: 'run `/osmo run nav-eval`',
  } as const
  const cases: readonly (readonly [string, Partial<BenchmarkInput>, string])[] = [
    ['head has no run', { runs: numbers(ten, []) }, 'failure'],
    ['head lacks one of ten runs', { runs: numbers(ten, ten.slice(0, 9)) }, 'failure'],
    [
      'head writes no file',
      {
        runs: [
          { arm: 'base', pair: 0, files: [] },
          { arm: 'head', pair: 0, files: [] },
        ],
      },
      'failure',
    ],
    ['head is NaN in one run', { runs: [...numbers(ten, ten.slice(0, 9)), aRun('head', 9, '{"latency_ms": NaN}')] }, 'failure'],
    ['head’s file is cut', { runs: [...numbers(ten, ten.slice(0, 9)), aRun('head', 9, '{"latency_ms": 4')] }, 'failure'],
    ['the gate is in no file', { runs: numbers(ten, ten, 'other_ms') }, 'failure'],
    ['a pattern matches nothing', { metrics: { 'p99/*': aGate() }, runs: numbers(ten, ten) }, 'failure'],
    ['base is missing', { comparison: missing, runs: head }, 'neutral'],
    ['base is missing and the check is required', { comparison: missing, runs: head, requiredCheck: true }, 'action_required'],
    ['base lacks one run', { runs: numbers(ten.slice(0, 9), ten) }, 'neutral'],
    ['nothing was compared', { comparison: { kind: 'none' }, runs: head }, 'neutral'],
    ['the default branch only records', { comparison: { kind: 'none' }, onDefaultBranch: true, runs: head }, 'success'],
    [
      'on the default branch a NaN still fails',
      { comparison: { kind: 'none' }, onDefaultBranch: true, runs: [aRun('head', 0, '{"latency_ms": NaN}')] },
      'failure',
    ],
    ['the direction is unknown', { metrics: { grip: aGate() }, runs: numbers(ten, ten, 'grip') }, 'action_required'],
    ['a gate without any bound', { metrics: { latency_ms: aGate({}) }, runs: numbers(ten, ten) }, 'action_required'],
    [
      'a budget of nothing',
      { metrics: { latency_ms: aGate({ maxRegression: { kind: 'relative', fraction: 0 } }) }, runs: numbers(ten, ten) },
      'action_required',
    ],
    ['a budget in points for milliseconds', { metrics: { latency_ms: points(5) }, runs: numbers(ten, ten) }, 'action_required'],
    ['no gate, and no file', { metrics: {}, runs: [{ arm: 'head', pair: 0, files: [] }], comparison: { kind: 'none' } }, 'neutral'],
    ['no gate', { metrics: {}, runs: numbers(ten, times(2)) }, 'success'],
  ]
  for (const [what, over, conclusion] of cases)
    it(`${what}: ${conclusion}`, () => assert.equal(judge([anInput(over)]).conclusion, conclusion))
  it('no benchmark at all is not green', () => assert.equal(judge([]).conclusion, 'neutral'))
  it('what base needs is said', () => {
    assert.equal(
      judge([anInput({ comparison: missing, runs: head })]).rows[0]?.note,
      'the policy of the merge base is not there; run `/osmo run nav-eval`',
    )
  })
  it('the reason names the run', () => {
    const runs = [...numbers(ten, ten.slice(0, 9)), aRun('head', 9, '{"latency_ms": NaN}')]
    assert.equal(judge([anInput({ runs })]).rows[0]?.note, 'it is NaN (run 10 of 10)')
  })
  it('runs of one arm that disagree about the direction leave it unknown', () => {
    const text = (pair: number) => JSON.stringify({ metrics: { grip: { value: pair, better: pair < 5 ? 'lower' : 'higher' } } })
    const runs = ten.flatMap((_, pair) => [aRun('base', pair, text(pair)), aRun('head', pair, text(pair))])
    assert.equal(judge([anInput({ metrics: { grip: aGate() }, runs })]).rows[0]?.cause, 'configuration')
  })
  it('head’s file cannot turn a metric round', () => {
    const text = (better: string, value: number) => JSON.stringify({ metrics: { grip: { value, better } } })
    const runs: BenchmarkRun[] = ten.flatMap((value, pair) => [
      aRun('base', pair, text('lower', value)),
      aRun('head', pair, text('higher', value * 2)),
    ])
    const judgement = judge([anInput({ metrics: { grip: aGate() }, runs })])
    assert.deepEqual([judgement.conclusion, judgement.rows[0]?.cause], ['action_required', 'configuration'])
  })
})

describe('many metrics', () => {
  it('a pattern gates every name it matches, and a narrower entry cannot lift it', () => {
    const text = (value: number) => JSON.stringify({ 'fps/a': value, 'fps/b': value, 'fps/deep/c': value })
    const runs = ten.flatMap((value, pair) => [aRun('base', pair, text(value)), aRun('head', pair, text(value * 0.8))])
    const metrics = {
      'fps/*': aGate({ maxRegression: { kind: 'relative', fraction: 0.03 }, direction: 'higher' }),
      'fps/b': { gate: false, required: false },
    }
    const rows = judge([anInput({ metrics, runs })]).rows
    assert.deepEqual(
      rows.map(({ metric, role, outcome }) => `${metric} ${role} ${outcome}`),
      ['fps/a gate regressed', 'fps/b gate regressed', 'fps/deep/c info shown'],
    )
  })
  it('q allows for all gates on all testbeds: what convinces alone may not among twenty', () => {
    const base = [1, 2, 3, 4, 5, 6].map((value) => value / 1000 + 1)
    const slower = base.map((value) => value * 1.05)
    const suspect = anInput({ runs: numbers(base, slower) })
    const quiet = Array.from({ length: 19 }, (_, index) =>
      anInput({
        testbed: `bed ${index}`,
        runs: numbers(
          base,
          base.map((value) => value + 1e-9),
        ),
      }),
    )
    assert.equal(judge([suspect]).rows[0]?.outcome, 'regressed')
    assert.equal(judge([suspect, ...quiet]).rows.find(({ testbed }) => testbed === suspect.testbed)?.outcome, 'inconclusive')
  })
  it('information never fails a check', () => {
    const judgement = judge([anInput({ metrics: {}, runs: numbers(ten, times(3)) })])
    assert.deepEqual([judgement.conclusion, judgement.rows[0]?.outcome, judgement.rows[0]?.effect], ['success', 'regressed', 'none'])
  })
  it('a shard that is cut, or lacks its number, makes its run unmeasured', () => {
    for (const broken of ['{"success": {"k": 1', '{"success": NaN}']) {
      const files = ['{"success": {"k": 3, "n": 4}}', broken].flatMap((text) => aRun('head', 0, text).files)
      const input = anInput({
        metrics: { success: aGate({ min: 0.1 }) },
        comparison: { kind: 'none' },
        runs: [{ arm: 'head', pair: 0, files }],
      })
      assert.deepEqual([judge([input]).conclusion, judge([input]).rows[0]?.outcome], ['failure', 'unmeasured'])
    }
  })
  it('shards of one run are put together', () => {
    const shard = (text: string) => aRun('head', 0, text).files[0]
    const files = [shard('{"success": {"k": 3, "n": 4}}'), shard('{"success": {"k": 1, "n": 4}}')].filter((file) => file !== undefined)
    const input = anInput({
      metrics: { success: aGate({ min: 0.1 }) },
      comparison: { kind: 'none' },
      runs: [{ arm: 'head', pair: 0, files }],
    })
    assert.deepEqual(judge([input]).rows[0]?.head, { kind: 'rate', successes: 4, trials: 8 })
  })
})

describe('swapping the arms', () => {
  const mirror = { regressed: 'improved', improved: 'regressed' } as Readonly<Record<string, string>>
  for (const factor of [0.9, 0.96, 0.971, 1.03, 1.0305, 1.04, 1.1])
    it(`mirrors regressed and improved at ×${factor}`, () => {
      const input = anInput({ runs: numbers(ten, times(factor)) })
      const [one, other] = [judge([input]).rows[0]?.outcome ?? '', judge([swapArms(input)]).rows[0]?.outcome ?? '']
      if (one in mirror || other in mirror) assert.equal(other, mirror[one])
    })
})
