import type { Value } from './objects.ts'

/** Names that are visible at one place: a block's own, then those around it. */
export class Scope {
  readonly #names = new Map<string, Value>()
  readonly #parent: Scope | undefined

  /** Scopes around this one, all of which a name may be looked for in. */
  readonly depth: number

  constructor(parent?: Scope) {
    this.#parent = parent
    this.depth = parent === undefined ? 0 : parent.depth + 1
  }

  get(name: string): Value | undefined {
    const value = this.#names.get(name)
    return value === undefined ? this.#parent?.get(name) : value
  }

  /** Always here: an assignment inside a loop does not change the name outside, as in Jinja. */
  set(name: string, value: Value): void {
    this.#names.set(name, value)
  }

  names(): string[] {
    return [...this.#names.keys(), ...(this.#parent?.names() ?? [])]
  }
}
