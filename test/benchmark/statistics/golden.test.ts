import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fisherGreater } from '../../../src/benchmark/statistics/fisher.ts'
import { hodgesLehmannDifference, hodgesLehmannRatio } from '../../../src/benchmark/statistics/hodges-lehmann.ts'
import { clopperPearson, newcombeDifference, newcombePaired, wilson } from '../../../src/benchmark/statistics/intervals.ts'
import { mannWhitney, uDistribution, uQuantile } from '../../../src/benchmark/statistics/mann-whitney.ts'
import { mcnemarExactLost, mcnemarExactTwoSided, mcnemarMidpLost, mcnemarMidpTwoSided } from '../../../src/benchmark/statistics/mcnemar.ts'
import { medianInterval, signTestAbove } from '../../../src/benchmark/statistics/median.ts'
import { benjaminiHochberg, benjaminiYekutieli } from '../../../src/benchmark/statistics/multiple-testing.ts'
import { normalCdf, normalQuantile } from '../../../src/benchmark/statistics/normal.ts'
import {
  fewestRunsPerArm,
  fewestSignedValues,
  smallestDetectableDrop,
  trialsForTwoRates,
} from '../../../src/benchmark/statistics/sample-size.ts'

type Golden = {
  wilson: { x: number; n: number; lo: number; hi: number }[]
  clopperPearson: { x: number; n: number; lo: number; hi: number }[]
  newcombeDifference: { x1: number; n1: number; x2: number; n2: number; diff: number; lo: number; hi: number }[]
  fisher: { table: [[number, number], [number, number]]; greater: number; less: number }[]
  mcnemar: { lost: number; won: number; exactTwo: number; midpTwo: number; exactOneLost: number; midpOneLost: number }[]
  mannWhitney: {
    a: number[]
    b: number[]
    U_b: number
    pExactTwo: number
    hlDiff: number
    hlRatio: number
    interval?: { difference: [number, number]; ratio: [number, number] }
  }[]
  mannWhitneyTies: { a: number[]; b: number[]; U_b: number; pAsymCC: number }[]
  benjaminiHochberg: { p: number[]; adjBH: number[]; adjBY: number[]; rejectedAt05: number }[]
  trialsForTwoRates: { p1: number; p2: number; power: number; alphaTwo: number; n: number }[]
}

const golden: Golden = JSON.parse(readFileSync(new URL('../../fixtures/benchmark/golden-statistics.json', import.meta.url), 'utf8'))

describe('intervals of rates', () => {
  for (const { x, n, lo, hi } of golden.wilson) it(`Wilson ${x}/${n}`, () => near([wilson(x, n).low, wilson(x, n).high], [lo, hi]))
  for (const { x, n, lo, hi } of golden.clopperPearson)
    it(`Clopper-Pearson ${x}/${n}`, () => near([clopperPearson(x, n).low, clopperPearson(x, n).high], [lo, hi]))
  for (const { x1, n1, x2, n2, diff, lo, hi } of golden.newcombeDifference)
    it(`Newcombe ${x1}/${n1} − ${x2}/${n2}`, () => {
      const { estimate, low, high } = newcombeDifference({ k: x1, n: n1 }, { k: x2, n: n2 })
      near([estimate, low, high], [diff, lo, hi])
    })
  it('Newcombe, paired: 140 both, 40 base only, 12 head only, 8 neither is −14.0 points, −20.913 to −7.080', () => {
    const { estimate, low, high } = newcombePaired({ both: 140, baseOnly: 40, headOnly: 12, neither: 8 })
    near([estimate, low, high], [-0.14, -0.20913, -0.0708], 5e-6)
  })
  it('Newcombe, paired: swapping the arms mirrors the interval', () => {
    const one = newcombePaired({ both: 30, baseOnly: 7, headOnly: 3, neither: 10 })
    const other = newcombePaired({ both: 30, baseOnly: 3, headOnly: 7, neither: 10 })
    near([other.low, other.high], [-one.high, -one.low])
  })
})

describe('tests of rates', () => {
  for (const { table, greater, less } of golden.fisher)
    it(`Fisher ${JSON.stringify(table)}`, () => {
      const [[a, b], [c, d]] = table
      near([fisherGreater({ k: a, n: a + b }, { k: c, n: c + d }), fisherGreater({ k: c, n: c + d }, { k: a, n: a + b })], [greater, less])
    })
  for (const row of golden.mcnemar)
    it(`McNemar ${row.lost} lost, ${row.won} won`, () => {
      const found = [mcnemarExactTwoSided(row), mcnemarMidpTwoSided(row), mcnemarExactLost(row), mcnemarMidpLost(row)]
      near(found, [row.exactTwo, row.midpTwo, row.exactOneLost, row.midpOneLost])
    })
  it('McNemar with nothing different says nothing', () => assert.equal(mcnemarMidpLost({ lost: 0, won: 0 }), 0.5))
})

describe('Mann-Whitney and Hodges-Lehmann', () => {
  for (const { a, b, U_b, pExactTwo, hlDiff, hlRatio, interval } of golden.mannWhitney)
    it(`${a.length} against ${b.length}, U = ${U_b}`, () => {
      const { u, pGreater, pLess, method } = mannWhitney(a, b)
      const isTied = new Set([...a, ...b]).size < a.length + b.length
      assert.equal(method, isTied ? 'normal' : 'exact')
      near([2 * (uDistribution(a.length, b.length)[a.length * b.length - U_b] ?? 1)], [pExactTwo])
      if (!isTied) near([2 * Math.min(pGreater, pLess)], [pExactTwo])
      near([u, hodgesLehmannDifference(a, b).estimate, hodgesLehmannRatio(a, b).estimate], [U_b, hlDiff, hlRatio])
      if (!interval) return
      const [difference, ratio] = [hodgesLehmannDifference(a, b), hodgesLehmannRatio(a, b)]
      near([difference.low, difference.high, ratio.low, ratio.high], [...interval.difference, ...interval.ratio])
    })
  for (const { a, b, U_b, pAsymCC } of golden.mannWhitneyTies)
    it('with ties: normal, corrected for them', () => {
      const { u, pGreater, pLess, method } = mannWhitney(a, b)
      assert.equal(method, 'normal')
      near([u, 2 * Math.min(pGreater, pLess)], [U_b, pAsymCC])
    })
  it('all equal: no evidence', () => assert.deepEqual(mannWhitney([1, 1], [1, 1]), { u: 2, pGreater: 1, pLess: 1, method: 'normal' }))
  it('the 2.5 % quantile of U for 10 against 10 is 24', () => assert.equal(uQuantile(0.025, 10, 10), 24))
  it('3 against 3 have no 95 % interval', () => {
    const { low, high } = hodgesLehmannDifference([1, 2, 3], [4, 5, 6])
    assert.deepEqual([low, high], [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
  })
})

describe('many tests at once', () => {
  for (const { p, adjBH, adjBY, rejectedAt05 } of golden.benjaminiHochberg)
    it(`${p.length} p values, whatever their order`, () => {
      near(benjaminiHochberg(p), adjBH)
      near(benjaminiYekutieli(p), adjBY)
      near(benjaminiHochberg(p.toReversed()), adjBH.toReversed())
      assert.equal(benjaminiHochberg(p).filter((q) => q <= 0.05).length, rejectedAt05)
    })
})

describe('how many are needed', () => {
  for (const { p1, p2, power, alphaTwo, n } of golden.trialsForTwoRates)
    it(`${p1} against ${p2}`, () =>
      near([trialsForTwoRates({ first: p1, second: p2, zAlpha: normalQuantile(1 - alphaTwo / 2), power })], [n], 1e-4))
  const published = [
    { first: 0.95, second: 0.9, trials: 343 },
    { first: 0.9, second: 0.85, trials: 540 },
    { first: 0.9, second: 0.8, trials: 157 },
    { first: 0.8, second: 0.7, trials: 231 },
    { first: 0.7, second: 0.5, trials: 74 },
    { first: 0.5, second: 0.4, trials: 305 },
  ]
  for (const { first, second, trials } of published)
    it(`${first} to ${second}, one-sided 5 %, 80 % power: ${trials} trials an arm`, () =>
      assert.equal(Math.ceil(trialsForTwoRates({ first, second, zAlpha: normalQuantile(0.95), power: 0.8 })), trials))
  it('separation reaches 1 % with 5 runs an arm and with 7 signed values', () =>
    assert.deepEqual([fewestRunsPerArm(0.01), fewestSignedValues(0.01)], [5, 7]))
  it('more pairs see smaller drops', () => {
    const drops = [50, 100, 200, 400].map((pairs) => smallestDetectableDrop(pairs, 0.2, 0.01))
    assert.deepEqual(
      drops,
      drops.toSorted((a, b) => b - a),
    )
    assert.ok(drops.every((drop) => drop > 0 && drop < 0.5))
  })
})

describe('distributions', () => {
  const table = [
    [-1.959963984540054, 0.025],
    [0, 0.5],
    [2.3263478740408408, 0.99],
    [-6, 9.865876450376946e-10],
    [-10, 7.61985302416047e-24],
  ] as const
  for (const [z, p] of table)
    it(`P(Z ≤ ${z}) = ${p}`, () => {
      assert.ok(Math.abs(normalCdf(z) / p - 1) < 1e-9, `${normalCdf(z)}`)
      near([normalQuantile(p)], [z], 1e-9)
    })
  it('the median of 10 values lies between the 2nd and the 9th', () => {
    const { low, high, confidence } = medianInterval([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    near([low, high, confidence], [2, 9, 0.978515625])
  })
  it('7 of 7 above a limit are significant at 1 %, 6 of 6 are not', () =>
    near([signTestAbove([2, 2, 2, 2, 2, 2, 2], 1), signTestAbove([2, 2, 2, 2, 2, 2], 1)], [1 / 128, 1 / 64]))
})

function near(found: readonly number[], expected: readonly number[], tolerance = 1e-6): void {
  assert.equal(found.length, expected.length)
  found.forEach((value, index) => {
    assert.ok(Math.abs(value - (expected[index] ?? Number.NaN)) <= tolerance, `expected ${expected[index]}, got ${value}`)
  })
}
