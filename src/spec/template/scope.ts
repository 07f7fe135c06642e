import type { Value } from './objects.ts'
import type { Captured } from './source-map.ts'

/** Names that are visible at one place: a block's own, then those around it. */
export class Scope {
  readonly #names = new Map<string, Value>()
  readonly #parent: Scope | undefined
  #origins: Map<string, Captured> | undefined

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
    this.#origins?.delete(name)
  }

  /** What made the text that a name here was just set to. */
  setOrigin(name: string, origin: Captured): void {
    this.#origins ??= new Map()
    this.#origins.set(name, origin)
  }

  originOf(name: string): Captured | undefined {
    return this.#names.has(name) ? this.#origins?.get(name) : this.#parent?.originOf(name)
  }

  names(): string[] {
    return [...this.#names.keys(), ...(this.#parent?.names() ?? [])]
  }
}
