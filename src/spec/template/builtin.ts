import { suggest } from '../suggestion.ts'
import { type FaultCode, TemplateFailure } from './limits.ts'
import { type CallArguments, isUndefined, type Machine, type Value } from './objects.ts'
import { type Bound, bindArguments } from './signature.ts'
import { admit, failUndefined, payFor } from './values.ts'

/** A filter or test. `given` is for the few that pass arguments on. */
type Apply<Result> = (value: Value, bound: Bound, machine: Machine, given: CallArguments) => Result

export type Builtin<Result> = {
  readonly name: string
  /** `any`: the filter looks at `given` itself. */
  readonly parameters: readonly string[] | 'any'
  /** Whether an undefined value may come in. Everything else is StrictUndefined's fault. */
  readonly undefinedValues: 'accepted' | 'refused'
  readonly apply: Apply<Result>
}

/** @param parameters names divided by blanks, `?` behind those that may be absent, or `*` for any. */
export function builtin<Result>(
  name: string,
  parameters: string,
  apply: Apply<Result>,
  undefinedValues: 'accepted' | 'refused' = 'refused',
): Builtin<Result> {
  const names = parameters === '*' ? 'any' : parameters.split(' ').filter((parameter) => parameter !== '')
  return { name, parameters: names, undefinedValues, apply }
}

/** Filters or tests by name. */
export class Registry<Result> {
  readonly #what: 'filter' | 'test'
  readonly #builtins: ReadonlyMap<string, Builtin<Result>>

  constructor(what: 'filter' | 'test', builtins: readonly Builtin<Result>[]) {
    this.#what = what
    this.#builtins = new Map(builtins.map((one) => [one.name, one]))
  }

  has(name: string): boolean {
    return this.#builtins.has(name)
  }

  unknown(name: string): { readonly code: FaultCode; readonly message: string } {
    const message = `Expected a ${this.#what} of Jinja's, and there is none called "${name}".${
      suggest(
        name,
        [...this.#builtins.keys()].filter((known) => /^\w/.test(known)),
      ) || ' Remove it.'
    }`
    return { code: `template/unknown-${this.#what}`, message }
  }

  apply(name: string, value: Value, given: CallArguments, machine: Machine): Result {
    const found = this.#builtins.get(name)
    if (found === undefined) {
      const { code, message } = this.unknown(name)
      throw new TemplateFailure(code, message)
    }
    // Even a test of what is not known would answer for nothing.
    if (isUndefined(value) && value.state === 'reported') failUndefined(value)
    const bound = found.parameters === 'any' ? [] : bindArguments(`the ${this.#what} "${name}"`, found.parameters, given)
    if (found.undefinedValues === 'accepted') return found.apply(value, bound, machine, given)
    const values = [value, ...bound].map((one) => (one === undefined ? undefined : admit(one)))
    for (const one of values) payFor(one, machine.meter)
    return found.apply(admit(value), values.slice(1), machine, given)
  }
}
