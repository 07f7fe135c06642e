import type { Span } from './limits.ts'
import type { Expression, SyntaxFault } from './syntax.ts'
import type { TokenStream } from './token-stream.ts'

/** What the parts of the grammar of expressions ask of the whole. */
export interface ExpressionReader {
  readonly stream: TokenStream
  /** Filters and tests that there are not, as far as Jinja looks them up when it reads the template. */
  readonly unknownNames: SyntaxFault[]
  readonly lookUp: 'when-read' | 'when-used'
  /** How many loops are open: inside, nothing may be assigned to the name `loop`. */
  openLoops: number
  expression(): Expression
  /** Expressions with commas between them make a tuple. */
  tuple(): Expression
  /** A name stands in an expression: macros accept some arguments only when their bodies mention them. */
  mention(name: string): void
  /** One level deeper; fails beyond the limit. */
  enter(): void
  leave(): void
}

/** With a comma between two and after the last if one likes, up to the closing bracket. */
export function readList<T>(stream: TokenStream, close: string, one: () => T): T[] {
  const items: T[] = []
  while (!stream.isOperator(close)) {
    items.push(one())
    if (!stream.skipOperator(',')) break
  }
  stream.expectOperator(close)
  return items
}

export function isTupleEnd({ current: { kind, text } }: TokenStream): boolean {
  if (kind === 'print-end' || kind === 'block-end' || kind === 'end') return true
  return kind === 'operator' && text === ')'
}

export function spanOf({ start, end }: Span): Span {
  return { start, end }
}
