import type { Expression } from './syntax.ts'

type Price = {
  /** About the instructions of RE2's program. */
  readonly steps: number
  /** What making the classes costs, in the same unit; once for each that is written. */
  readonly classes: number
}

/** About what it costs to make RE2's program for this, in instructions; may be `Infinity`. */
export function priceOf(expression: Expression): number {
  const { steps, classes } = price(expression)
  return steps + classes
}

function price(expression: Expression): Price {
  switch (expression.kind) {
    case 'character':
      return { steps: 1, classes: expression.price }
    case 'assertion':
      return { steps: 1, classes: 0 }
    case 'sequence':
      return sum(expression.items)
    case 'choice': {
      const { steps, classes } = sum(expression.branches)
      return { steps: steps + expression.branches.length - 1, classes }
    }
    case 'repeat': {
      const { steps, classes } = price(expression.item)
      const { least, most } = expression
      // A copy that may be left out costs a branch more; without an end there is one such copy, or a way back.
      const optional = most === Number.POSITIVE_INFINITY ? (least === 0 ? 1 : 0) : most - least
      return { steps: Math.max(steps, 1) * least + (steps + 1) * optional + 1, classes }
    }
  }
}

function sum(expressions: readonly Expression[]): Price {
  const prices = expressions.map(price)
  return {
    steps: prices.reduce((total, { steps }) => total + steps, 0),
    classes: prices.reduce((total, { classes }) => total + classes, 0),
  }
}
