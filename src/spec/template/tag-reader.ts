import type { ExpressionParser } from './expressions.ts'
import type { Span } from './limits.ts'
import type { Body, Expression, SyntaxFault, Target } from './syntax.ts'
import type { TokenStream } from './token-stream.ts'

/** The tag that opened a block. */
export type Opening = Span & { readonly name: string }

/** What tags ask of the whole template's parser. A tag begins with the cursor on its name; `start` is that of its `{%`. */
export interface TagReader {
  readonly stream: TokenStream
  readonly expressions: ExpressionParser
  /** Names of `{% block %}`, of which each may stand once. */
  readonly blocks: Set<string>
  /**
   * Statements until one of the closing words; the cursor then stands on that word, or before a tag that closes a block further out, or at the
   * end. `opening` is the tag that they close.
   */
  body(closers: readonly string[], opening: Opening): Body
  /** The rest of an opening tag with its end. After a fault in it, which is recorded, `fallback`; names that it would have set are then uncertain. */
  header<T>(parse: () => T, fallback: T): T
  fault(fault: SyntaxFault): void
  /** Behind a closing tag such as `{% endfor %}`, which may repeat a label, if it is there; gives the offset of its end. */
  close(label?: string): number
}

/** Behind the tag's name. */
export function openTag({ stream }: TagReader, name: string, start: number): Opening {
  return { name, start, end: stream.next().end }
}

/** Stand where a fault left nothing. */
export const nothing: Expression = { kind: 'broken', start: 0, end: 0 }
export const noTarget: Target = { kind: 'tuple', items: [], start: 0, end: 0 }
