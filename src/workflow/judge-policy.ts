import type { Benchmark, Budget, Compare, MetricPolicy } from '../spec/types.ts'

/**
 * A pull request cannot soften its own judge (extensions.md §5): what base declares applies, and head may only add or tighten.
 * A benchmark that head dropped stays, and is judged as unmeasured if its task is gone.
 */
export function strictest(base: readonly Benchmark[], head: readonly Benchmark[]): readonly Benchmark[] {
  const kept = base.map((entry) =>
    tightened(
      entry,
      head.find((other) => isSame(entry, other)),
    ),
  )
  const added = head.filter((entry) => !base.some((other) => isSame(entry, other)))
  return [...kept, ...added]
}

export const isSame = (a: Benchmark, b: Benchmark) => a.name === b.name && a.task === b.task

function tightened(base: Benchmark, head: Benchmark | undefined): Benchmark {
  if (!head) return base
  const names = [...new Set([...Object.keys(base.metrics), ...Object.keys(head.metrics)])]
  const metrics = Object.fromEntries(names.map((name) => [name, strictestPolicy(base.metrics[name], head.metrics[name])]))
  const compare = strictestCompare(base.compare, head.compare)
  return { ...base, metrics, line: head.line, ...(compare ? { compare } : {}) }
}

function strictestPolicy(base: MetricPolicy | undefined, head: MetricPolicy | undefined): MetricPolicy {
  if (!base) return head!
  if (!head) return base
  const maxRegression = smallerBudget(base.maxRegression, head.maxRegression)
  const min = defined(Math.max, base.min, head.min)
  const max = defined(Math.min, base.max, head.max)
  return {
    ...base,
    gate: base.gate || head.gate,
    required: base.required || head.required,
    ...(maxRegression ? { maxRegression } : {}),
    // A gate's direction may come from its format; head must not turn it round.
    ...(base.direction === undefined && head.direction && !base.gate ? { direction: head.direction } : {}),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  }
}

/** Budgets of different kinds cannot be ordered, so base's stays. */
function smallerBudget(base: Budget | undefined, head: Budget | undefined): Budget | undefined {
  if (!base || !head) return base ?? head
  if (base.kind === 'relative' && head.kind === 'relative') return head.fraction < base.fraction ? head : base
  if (base.kind === 'points' && head.kind === 'points') return head.points < base.points ? head : base
  if (base.kind === 'absolute' && head.kind === 'absolute' && base.unit === head.unit) return head.amount < base.amount ? head : base
  return base
}

function defined(choose: (a: number, b: number) => number, a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : choose(a, b)
}

const strictestCompare = (base: Compare | undefined, head: Compare | undefined): Compare | undefined =>
  base && head ? { ...base, pairs: Math.max(base.pairs, head.pairs), warmup: Math.max(base.warmup, head.warmup) } : (base ?? head)
