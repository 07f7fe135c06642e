import type { Meter } from './limits.ts'

/** A text that is made of very many short pieces. Each is paid for before it is kept, and few are kept apart, so that it needs little more than its characters. */
export class LongText {
  readonly #meter: Meter
  readonly #joined: string[] = []
  #pieces: string[] = []
  length = 0

  constructor(meter: Meter) {
    this.#meter = meter
  }

  put(text: string): void {
    this.length += text.length
    this.#meter.text(text.length, this.length)
    this.#pieces.push(text)
    if (this.#pieces.length >= piecesKeptApart) this.#join()
  }

  text(): string {
    this.#join()
    return this.#joined.join('')
  }

  #join(): void {
    this.#joined.push(this.#pieces.join(''))
    this.#pieces = []
  }
}

const piecesKeptApart = 1024
