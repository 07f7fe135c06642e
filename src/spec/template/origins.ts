import type { Captured } from './source-map.ts'

/**
 * Where texts come from that a macro, a block or a recursive loop made, for as long as they are printed as they were made.
 *
 * A text is known by what it holds, among those that the statement at hand has met: what the call in it gave, or what the name in it was set
 * to. One of several lines is known everywhere, also out of a list or a namespace, since no other text will hold the same by accident.
 */
export class Origins {
  #met: readonly Captured[] = []
  readonly #ofSeveralLines = new Map<string, Captured>()
  #characters = 0
  #pieces = 0

  /** A statement begins, and has met nothing. Returns what the one around it had. */
  begin(): readonly Captured[] {
    const outer = this.#met
    this.#met = nothing
    return outer
  }

  resume(outer: readonly Captured[]): void {
    this.#met = outer
  }

  /** One more piece of a body is written; `many` when no more of them shall be kept. */
  countPiece(): 'few' | 'many' {
    return ++this.#pieces > maximumPieces ? 'many' : 'few'
  }

  made(captured: Captured): void {
    this.meet(captured)
    const { text } = captured
    if (!text.includes('\n') || this.#characters + text.length > maximumCharacters) return
    this.#characters += text.length
    this.#ofSeveralLines.set(text, captured)
  }

  /** None has been made, so there is nothing to look for. */
  get hasAny(): boolean {
    return this.#pieces > 0
  }

  meet(captured: Captured | undefined): void {
    if (captured !== undefined) this.#met = [...this.#met.slice(1 - maximumMet), captured]
  }

  of(text: string): Captured | undefined {
    const met = this.#met.findLast((captured) => captured.text === text)
    if (met !== undefined || this.#ofSeveralLines.size === 0) return met
    return text.includes('\n') ? this.#ofSeveralLines.get(text) : undefined
  }
}

const nothing: readonly Captured[] = []
/** Texts that one expression is looked for in. */
const maximumMet = 16
/** Of all bodies together, each about a hundred bytes. */
const maximumPieces = 100_000
/** Of the texts of several lines, which would be kept when nothing else needs them. */
const maximumCharacters = 4 * 1024 * 1024
