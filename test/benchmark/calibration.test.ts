import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runOrder } from '../../src/benchmark/compare.ts'
import { judge, type ShownChange } from '../../src/benchmark/judge.ts'
import { seededRandom } from '../../src/benchmark/random.ts'
import { newcombePaired } from '../../src/benchmark/statistics/intervals.ts'
import type { BenchmarkInput, BenchmarkRun, Outcome } from '../../src/benchmark/types.ts'
import { aGate, anInput, episodes, gaussian } from './builders.ts'

/** A stream of factors around 1: what the machine does to successive runs. */
type Noise = (seed: number) => () => number

const gauss =
  (spread: number): Noise =>
  (seed) => {
    const normal = gaussian(seededRandom(seed))
    return () => 1 + spread * normal()
  }
const lognormal =
  (spread: number): Noise =>
  (seed) => {
    const normal = gaussian(seededRandom(seed))
    return () => Math.exp(spread * normal())
  }
const drifting =
  (phi: number, spread: number): Noise =>
  (seed) => {
    const normal = gaussian(seededRandom(seed))
    let level = spread * normal()
    return () => {
      level = phi * level + spread * Math.sqrt(1 - phi * phi) * normal()
      return 1 + level
    }
  }

const trials = 600

describe('false alarms of one gate, no change, 10+10 runs, budget 3 %', () => {
  const models: readonly (readonly [string, Noise])[] = [
    ['gauss, CV 2 %', gauss(0.02)],
    ['lognormal, 5 %', lognormal(0.05)],
    ['AR(1) φ = .6, 3 %', drifting(0.6, 0.03)],
    ['AR(1) φ = .9, 3 %', drifting(0.9, 0.03)],
  ]
  for (const [what, noise] of models)
    it(`${what}: at most 1 % regressed`, () => {
      const { regressed } = simulate(noise, 1)
      assert.ok(regressed <= 0.01, `${regressed}`)
    })
})

describe('10+10 runs, CV 2 %, budget 3 %', () => {
  const table: readonly (readonly [number, Partial<Record<Outcome, readonly [number, number]>>])[] = [
    [1, { regressed: [0, 0.005], fine: [0.79, 0.89], inconclusive: [0.11, 0.21] }],
    [1.05, { regressed: [0.95, 1], fine: [0, 0.002] }],
    [1.1, { regressed: [1, 1] }],
    [0.9, { improved: [1, 1] }],
  ]
  for (const [factor, expected] of table)
    it(`×${factor}: ${JSON.stringify(expected)}`, () => {
      const shares = simulate(gauss(0.02), factor)
      for (const [outcome, range] of Object.entries(expected)) within(shares[outcome as Outcome], range)
    })
  it('fine with certainty under no change needs a budget of 2.25 CV', () => {
    assert.ok(simulate(gauss(0.02), 1, { fraction: 0.045 }).fine >= 0.99)
  })
})

describe('40 gates in one pull request', () => {
  it('no change: an alarm in at most 5 % of 60 pull requests', () => {
    const alarmed = Array.from({ length: 60 }, (_, request) => {
      const inputs = Array.from({ length: 40 }, (_, gate) =>
        anInput({ testbed: `bed ${gate}`, runs: simulatedRuns(lognormal(0.05), 1, 10, request * 40 + gate) }),
      )
      return judge(inputs).conclusion === 'failure'
    }).filter(Boolean).length
    assert.ok(alarmed <= 3, `${alarmed} of 60`)
  })
})

describe('paired success', () => {
  it('.9 to .8 is red in 94 % with 100 well-paired episodes', () => {
    const shares = outcomes(400, (seed) =>
      anInput({
        metrics: { success: aGate({ maxRegression: { kind: 'points', points: 0.05 } }) },
        runs: pairedRuns(seed, { pairs: 100, lost: 0.1, won: 0, both: 0.8 }),
      }),
    )
    within(shares.regressed, [0.9, 1])
  })
  it('no change: at most 1 % regressed, and a budget of 5 points is mostly met with 400 episodes', () => {
    const shares = outcomes(300, (seed) =>
      anInput({
        metrics: { success: aGate({ maxRegression: { kind: 'points', points: 0.05 } }) },
        runs: pairedRuns(seed, { pairs: 400, lost: 0.04, won: 0.04, both: 0.86 }),
      }),
    )
    assert.ok(shares.regressed <= 0.01, `${shares.regressed}`)
    within(shares.fine, [0.9, 1])
  })
  for (const [pairs, lost, won, both] of [
    [50, 0.1, 0.1, 0.7],
    [100, 0.15, 0.05, 0.75],
    [200, 0.2, 0.06, 0.7],
    [100, 0.02, 0.02, 0.9],
  ] as const)
    it(`Newcombe’s paired interval covers the truth in 95 %: ${pairs} pairs, ${lost} lost, ${won} won`, () => {
      const random = seededRandom(pairs + 1000 * lost)
      let covered = 0
      for (let trial = 0; trial < 4000; trial++) {
        const { low, high } = newcombePaired(drawTable(random, { pairs, lost, won, both }))
        if (low <= won - lost && won - lost <= high) covered++
      }
      within(covered / 4000, [0.94, 1])
    })
})

describe('how many more would settle it', () => {
  it('as many as are advised settle four of five', () => {
    // A true change of 2 % at CV 2 % and 3 % budget; those who estimated it rightly follow their advice in a fresh, larger experiment.
    const input = (pairs: number, seed: number) => anInput({ runs: simulatedRuns(gauss(0.02), 1.02, pairs, seed) })
    const advised = Array.from({ length: 300 }, (_, seed) => judge([input(10, seed)]).rows[0]).filter(
      (row) => row?.outcome === 'inconclusive' && isNear(row.change, 0.02),
    )
    const further = advised.map((row) => row?.further?.count ?? Number.NaN).sort((a, b) => a - b)[advised.length >> 1] ?? Number.NaN
    const settled = Array.from({ length: 150 }, (_, seed) => judge([input(10 + further, 1000 + seed)]).rows[0]?.outcome).filter(
      (outcome) => outcome !== 'inconclusive',
    )
    within(settled.length / 150, [0.7, 0.9])
  })
})

function isNear(change: ShownChange, truth: number): boolean {
  return change.kind !== 'none' && Math.abs(change.estimate - truth) < 0.002
}

function simulate(noise: Noise, factor: number, options = { fraction: 0.03 }): Record<Outcome, number> {
  const metrics = { latency_ms: aGate({ maxRegression: { kind: 'relative', fraction: options.fraction } }) }
  return outcomes(trials, (seed) => anInput({ metrics, runs: simulatedRuns(noise, factor, 10, seed) }))
}

/** Runs in the order in which the machine would do them, so that drift reaches both arms as it would. */
function simulatedRuns(noise: Noise, factor: number, pairs: number, seed: number): readonly BenchmarkRun[] {
  const next = noise(seed)
  return runOrder(pairs, 0, seed).map(({ arm, pair }) => ({
    arm,
    pair,
    files: [
      {
        path: 'result.json',
        parsed: {
          kind: 'measured',
          format: 'json',
          warnings: [],
          measurements: [
            {
              metric: 'latency_ms',
              unit: 'ms',
              direction: 'lower',
              value: { kind: 'samples', samples: [100 * next() * (arm === 'head' ? factor : 1)] },
            },
          ],
        },
      },
    ],
  }))
}

type Shares = { readonly pairs: number; readonly lost: number; readonly won: number; readonly both: number }

function pairedRuns(seed: number, shares: Shares): readonly BenchmarkRun[] {
  const { both, baseOnly, headOnly, neither } = drawTable(seededRandom(seed), shares)
  return episodes({ both, lost: baseOnly, won: headOnly, neither })
}

function drawTable(random: () => number, { pairs, lost, won, both }: Shares) {
  const table = { both: 0, baseOnly: 0, headOnly: 0, neither: 0 }
  for (let pair = 0; pair < pairs; pair++) {
    const draw = random()
    table[draw < lost ? 'baseOnly' : draw < lost + won ? 'headOnly' : draw < lost + won + both ? 'both' : 'neither']++
  }
  return table
}

function outcomes(count: number, input: (seed: number) => BenchmarkInput): Record<Outcome, number> {
  const shares: Record<Outcome, number> = { regressed: 0, improved: 0, fine: 0, inconclusive: 0, unmeasured: 0 }
  for (let seed = 1; seed <= count; seed++) {
    const outcome = judge([input(seed)]).rows[0]?.outcome
    if (outcome && outcome !== 'shown') shares[outcome] += 1 / count
  }
  return shares
}

function within(value: number, [low, high]: readonly [number, number]): void {
  assert.ok(value >= low - 1e-9 && value <= high + 1e-9, `expected ${low} to ${high}, got ${value}`)
}
