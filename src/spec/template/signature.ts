import { typeFault } from './limits.ts'
import type { CallArguments, Value } from './objects.ts'

/** Values in the order of the parameters; absent ones are `undefined`. */
export type Bound = readonly (Value | undefined)[]

/**
 * Matches arguments with parameters by position and by name, as a Python call does.
 *
 * @param parameters names in order; one with `?` may be absent.
 */
export function bindArguments(what: string, parameters: readonly string[], given: CallArguments): Bound {
  if (given.positional.length > parameters.length) {
    return typeFault(`Expected at most ${parameters.length} arguments for ${what}, got ${given.positional.length}. Remove some.`)
  }
  const names = parameters.map((parameter) => parameter.replace('?', ''))
  const bound: (Value | undefined)[] = names.map((name, index) => given.positional[index] ?? given.named.get(name))
  for (const name of given.named.keys()) {
    const index = names.indexOf(name)
    if (index < 0)
      return typeFault(
        `Expected ${names.length === 0 ? 'no arguments' : `arguments named ${names.join(', ')}`} for ${what}, got "${name}". Remove it.`,
      )
    if (index < given.positional.length) return typeFault(`Expected "${name}" of ${what} once, and it is given twice. Remove one.`)
  }
  // `null` is Python's None, so `??` above would look behind it: positional values win whatever they are.
  given.positional.forEach((value, index) => {
    bound[index] = value
  })
  const absent = parameters.findIndex((parameter, index) => bound[index] === undefined && !parameter.endsWith('?'))
  return absent < 0 ? bound : typeFault(`Expected a value for "${names[absent]}" of ${what}, and there is none. Add it.`)
}
