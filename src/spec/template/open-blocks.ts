import type { Span } from './limits.ts'
import type { Statement } from './syntax.ts'
import { nothing } from './tag-reader.ts'

/** Blocks that are open while a template is read, and what mistakes in their tags let expect, so that one mistake is one fault. */
export class OpenBlocks {
  /** Closing words of each open block; the outermost, the whole text, has none. */
  readonly #closers: (readonly string[])[] = []
  /** Tags that nobody knows: how many blocks are open around them, and how many statements stand before. */
  readonly #unknown: { readonly depth: number; readonly index: number }[] = []
  /** Closing words that may come too often. */
  readonly #forgiven: string[] = []
  #lastDoubt = -1

  enter(closers: readonly string[]): void {
    this.#closers.push(closers)
  }

  leave(): void {
    this.#closers.pop()
    while (this.#depthOfUnknown() > this.#closers.length) this.#unknown.pop()
  }

  closesOuter(word: string): boolean {
    return this.#closers.slice(0, -1).some((closers) => closers.includes(word))
  }

  /** A word stands where none or another was due, so that what is missing behind it may be its fault. */
  doubt({ start }: Span): void {
    this.#lastDoubt = start
  }

  isDoubtful(opening: Span): boolean {
    return this.#lastDoubt > opening.start
  }

  forgive(...words: readonly string[]): void {
    this.#forgiven.push(...words)
  }

  isForgiven(word: string): boolean {
    if (word === 'else' || word === 'elif') return this.#forgiven.includes('endif')
    const index = this.#forgiven.indexOf(word)
    if (index >= 0) this.#forgiven.splice(index, 1)
    return index >= 0
  }

  /** @param index how many statements stand before it. */
  unknown(token: Span, index: number): void {
    this.doubt(token)
    this.#unknown.push({ depth: this.#closers.length, index })
  }

  /** For an end that would close an unknown tag's block: nobody knows whether what stands between is rendered. */
  answersUnknown(statements: Statement[]): boolean {
    if (this.#depthOfUnknown() !== this.#closers.length) return false
    const body = statements.splice(this.#unknown.pop()?.index ?? 0)
    statements.push({ kind: 'if', branches: [{ test: nothing, body }], otherwise: [], start: 0, end: 0 })
    return true
  }

  #depthOfUnknown(): number {
    return this.#unknown.at(-1)?.depth ?? 0
  }
}
