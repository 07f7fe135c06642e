import { typeFault } from './limits.ts'
import { type CallArguments, type Machine, textOf, type Value } from './objects.ts'
import { type Bound, bindArguments } from './signature.ts'
import { asInteger, demand, describeValue, payFor } from './values.ts'

export type Method = (target: Value, given: CallArguments, machine: Machine) => Value
export type MethodTable = ReadonlyMap<string, Method>

/** A method with parameters by position; one with `?` may be absent, and one with `=` may be given by its name. */
export function method<T>(
  name: string,
  parameters: string,
  self: (target: Value) => T,
  apply: (target: T, bound: Bound, machine: Machine) => Value,
): readonly [string, Method] {
  const names = parameters.split(' ').filter((parameter) => parameter !== '')
  const takesNames = parameters.includes('=')
  const plainNames = names.map((parameter) => parameter.replace('=', ''))
  return [
    name,
    (target, given, machine) => {
      if (given.named.size > 0 && !takesNames) typeFault(`Expected no named arguments for ${name}(), which takes them by position only.`)
      const bound = bindArguments(`${name}()`, plainNames, given).map(demanded)
      for (const value of [target, ...bound]) payFor(value, machine.meter)
      return apply(self(target), bound, machine)
    },
  ]
}

function demanded(value: Value | undefined): Value | undefined {
  return value === undefined ? undefined : demand(value)
}

/** None counts as absent, as Python's defaults do. */
export function optional<T>(value: Value | undefined, read: (value: Value) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value)
}

export function demandText(value: Value | undefined): string {
  const text = value === undefined ? undefined : textOf(value)
  return text ?? typeFault(`Expected text, got ${describeValue(value ?? null)}. Convert it with |string.`)
}

export function demandInteger(value: Value | undefined): bigint {
  const integer = value === undefined ? undefined : asInteger(value)
  return integer ?? typeFault(`Expected an integer, got ${describeValue(value ?? null)}. Convert it with |int.`)
}

/** An integer as a JavaScript number; beyond ±2^52 it is cut to that, which no length reaches. */
export function demandCount(value: Value | undefined): number {
  const integer = demandInteger(value)
  const bound = 2n ** 52n
  return Number(integer > bound ? bound : integer < -bound ? -bound : integer)
}
