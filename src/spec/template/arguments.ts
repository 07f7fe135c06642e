import { collect } from './iteration.ts'
import { type Meter, type Span, TemplateFailure, typeFault } from './limits.ts'
import { type CallArguments, isDict, isObject, type Machine, textOf, type Value } from './objects.ts'
import { describeValue, isTrue, typeName } from './values.ts'

/** Where a fault is reported, and what counts the work. */
type Place = { at: Span; readonly meter: Meter }

/** More arguments than this are a mistake, and would not fit JavaScript's stack. */
const maximumArguments = 1000

export function spreadItems(value: Value, span: Span, machine: Place): Value[] {
  machine.at = span
  const items = collect(value, machine.meter)
  if (items.length > maximumArguments)
    throw new TemplateFailure(
      'template/value',
      `Expected at most ${maximumArguments} arguments behind "*", got ${items.length}. Pass the list itself.`,
    )
  return items
}

export function spreadPairs(value: Value, span: Span, named: Map<string, Value>, machine: Place): void {
  machine.at = span
  if (!isDict(value)) {
    typeFault(`Expected a dict behind "**", got ${describeValue(value)}.`)
    return
  }
  machine.meter.step(value.entries.size)
  for (const [key, entry] of value.entries.values()) {
    const name = textOf(key)
    if (name === undefined) {
      typeFault(`Expected names as keys behind "**", got ${describeValue(key)}.`)
      return
    }
    addNamed(named, name, entry)
  }
}

export function addNamed(named: Map<string, Value>, name: string, value: Value): void {
  if (named.has(name)) typeFault(`Expected each argument once, and "${name}" is there twice. Remove one.`)
  named.set(name, value)
}

/** Anything that is not callable is a fault. */
export function callValue(target: Value, given: CallArguments, machine: Machine): Value {
  if (isObject(target)) {
    if (target.kind === 'callable') return target.call(given, machine)
    if (target.kind === 'instance' && target.call !== undefined) return target.call(given, machine)
    if (target.kind === 'undefined') isTrue(target)
  }
  return typeFault(
    `Expected a macro, method or function before "(", got ${describeValue(target)} ('${typeName(target)}' object is not callable).`,
  )
}
