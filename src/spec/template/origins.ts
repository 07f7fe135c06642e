import type { Captured } from './source-map.ts'

/** What a statement has met, newest first. */
export type Met = { readonly captured: Captured; readonly before: Met | undefined }

/**
 * Where texts come from that a macro, a block or a recursive loop made, for as long as they are printed as they were made.
 *
 * A text is known by what it holds, among those that the statement at hand has met: what the call in it gave, or what the name in it was set
 * to. One of several lines is known everywhere, also out of a list or a namespace, since no other text will hold the same by accident.
 */
export class Origins {
  #met: Met | undefined
  readonly #ofSeveralLines = new Map<string, Captured>()
  /** Of those, so that other texts need not be read to know that they are none of them. */
  readonly #lengths = new Set<number>()
  #characters = 0
  #pieces = 0

  /** A statement begins, and has met nothing. Returns what the one around it had. */
  begin(): Met | undefined {
    const outer = this.#met
    this.#met = undefined
    return outer
  }

  resume(outer: Met | undefined): void {
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
    this.#lengths.add(text.length)
  }

  /** None has been made, so there is nothing to look for. */
  get hasAny(): boolean {
    return this.#pieces > 0
  }

  meet(captured: Captured | undefined): void {
    if (captured !== undefined) this.#met = { captured, before: this.#met }
  }

  of(text: string): Captured | undefined {
    const met = this.#metAs(text)
    return met === undefined && this.#lengths.has(text.length) ? this.#ofSeveralLines.get(text) : met
  }

  #metAs(text: string): Captured | undefined {
    let met = this.#met
    for (let count = 0; met !== undefined && count < maximumMet; count++) {
      if (met.captured.text === text) return met.captured
      met = met.before
    }
    return undefined
  }
}

/** Of the texts that a statement has met, those that one is looked for among. */
const maximumMet = 16
/** Of all bodies together, each about a hundred bytes. */
const maximumPieces = 100_000
/** Of the texts of several lines, which would be kept when nothing else needs them. */
const maximumCharacters = 256 * 1024
