import type { Evaluator } from './evaluate.ts'
import type { Span } from './limits.ts'
import type { Value } from './objects.ts'
import type { Scope } from './scope.ts'
import type { Body, Expression } from './syntax.ts'

/** The interpreter as statements need it. */
export interface Renderer extends Evaluator {
  escaping: 'plain' | 'escaped'
  /** The outermost scope. */
  readonly root: Scope
  /** Rendering has met a limit, or faults enough: loops end. */
  readonly hasEnded: boolean
  render(body: Body, scope: Scope): void
  /** Records a `TemplateFailure`, unless the person has been told; throws anything else. */
  report(error: unknown): void
  /** Records the names without a value that stand in an expression where it would surely use them. */
  reportNames(node: Expression, scope: Scope): void
  /** Puts text where output goes at the moment. `exact`: it stands in the source as it is. */
  write(text: string, span: Span, mapping: 'exact' | 'whole'): void
  /** What a value prints as. */
  textOf(value: Value): string
  /** What is written meanwhile, which goes nowhere else. */
  aside(render: () => void): string
  /** Gives a name a value, and remembers what made its text. */
  setName(name: string, value: Value, scope: Scope): void
  /** What a rendered text is as a value. */
  markup(text: string): Value
}
