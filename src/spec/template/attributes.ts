import { nearestWord } from '../suggestion.ts'
import { entryOf, isIdentity } from './dicts.ts'
import { characters } from './lengths.ts'
import type { Meter, Span } from './limits.ts'
import { type Method, methodOf } from './methods.ts'
import { isObject, type Machine, type Range, textOf, tuple, undefinedValue, type Value } from './objects.ts'
import { asInteger, describeValue, failUndefined, typeName } from './values.ts'

/** `target.name` in Jinja's order: first an attribute or method of Python's, then the entry of that name. */
export function getAttribute(target: Value, name: string, span: Span | undefined, machine: Machine): Value {
  if (isObject(target) && target.kind === 'undefined') return failUndefined(target)
  const attribute = pythonAttribute(target, name, span, machine)
  if (attribute !== undefined) return attribute
  const entry = ownEntry(target, name, machine.meter)
  return entry === undefined ? missing(target, name, span) : entry
}

/** `target[index]`: first the entry, then an attribute of that name. */
export function getItem(target: Value, index: Value, span: Span | undefined, machine: Machine): Value {
  if (isObject(target) && target.kind === 'undefined') return failUndefined(target)
  if (isObject(index) && index.kind === 'undefined') return failUndefined(index)
  const entry = ownEntry(target, index, machine.meter)
  if (entry !== undefined) return entry
  const name = textOf(index)
  const attribute = name === undefined ? undefined : pythonAttribute(target, name, span, machine)
  return attribute === undefined ? missing(target, index, span) : attribute
}

function ownEntry(target: Value, key: Value, meter: Meter): Value | undefined {
  if (isObject(target) && target.kind === 'dict') return isHashable(key, meter) ? entryOf(target, key, meter) : undefined
  const index = asInteger(key)
  if (index === undefined) return undefined
  const text = textOf(target)
  if (text !== undefined) return at(characters(text, meter), index)
  if (!isObject(target)) return undefined
  if (target.kind === 'list' || target.kind === 'tuple') return at(target.items, index)
  if (target.kind === 'range') return rangeItem(target, index)
  return undefined
}

function isHashable(key: Value, meter: Meter): boolean {
  meter.step()
  return (
    !isObject(key) ||
    key.kind === 'markup' ||
    key.kind === 'moment' ||
    key.kind === 'range' ||
    isIdentity(key) ||
    (key.kind === 'tuple' && key.items.every((item) => isHashable(item, meter)))
  )
}

function at<T extends Value>(items: { readonly length: number; readonly [index: number]: T }, index: bigint): T | undefined {
  const position = Number(index < 0n ? index + BigInt(items.length) : index)
  return position >= 0 && position < items.length ? items[position] : undefined
}

function rangeItem(range: Range, index: bigint): Value | undefined {
  const position = index < 0n ? index + BigInt(range.length) : index
  return position >= 0n && position < BigInt(range.length) ? range.start + position * range.step : undefined
}

function pythonAttribute(target: Value, name: string, span: Span | undefined, machine: Machine): Value | undefined {
  if (name.startsWith('_')) return isInternal(name) ? unsafe(target, name, span) : undefined
  if (isObject(target) && target.kind === 'instance') return target.attribute(name, machine)
  if (isObject(target) && target.kind === 'namespace') return target.attributes.get(name)
  if (isObject(target) && target.kind === 'callable') return callableAttribute(target, name)
  const method = methodOf(target, name)
  return method === undefined ? plainAttribute(target, name) : bind(target, name, method)
}

function bind(target: Value, name: string, method: Method): Value {
  const description = `method "${name}" of ${describeValue(target)}`
  return { kind: 'callable', description, macro: undefined, call: (given, machine) => method(target, given, machine) }
}

function callableAttribute(target: Extract<Value, { kind: 'callable' }>, name: string): Value | undefined {
  if (target.macro === undefined) return undefined
  if (name === 'name') return target.macro.name ?? null
  if (name === 'arguments') return tuple(target.macro.parameters)
  return Object.hasOwn(target.macro.accepts, name) ? target.macro.accepts[name] : undefined
}

const momentFields: Readonly<Record<string, number>> = { year: 0, month: 1, day: 2, hour: 3, minute: 4, second: 5, microsecond: 6 }

function plainAttribute(target: Value, name: string): Value | undefined {
  const integer = asInteger(target)
  if (integer !== undefined) return integerAttribute(integer, name)
  if (typeof target === 'number') return name === 'real' ? target : name === 'imag' ? 0 : undefined
  if (!isObject(target)) return undefined
  if (target.kind === 'range') return name === 'start' || name === 'stop' || name === 'step' ? target[name] : undefined
  if (target.kind === 'tuple') return tupleField(target.fields, target.items, name)
  const field = target.kind === 'moment' && Object.hasOwn(momentFields, name) ? momentFields[name] : undefined
  if (target.kind !== 'moment' || field === undefined || (target.precision === 'date' && field > 2)) return undefined
  return BigInt(target.parts[field] ?? 0)
}

function tupleField(fields: readonly string[] | undefined, items: readonly Value[], name: string): Value | undefined {
  const index = fields?.indexOf(name) ?? -1
  return index < 0 ? undefined : items[index]
}

function integerAttribute(value: bigint, name: string): Value | undefined {
  if (name === 'real' || name === 'numerator') return value
  if (name === 'imag') return 0n
  return name === 'denominator' ? 1n : undefined
}

/** Python's own names between double underscores: the sandbox refuses every use of them. */
function isInternal(name: string): boolean {
  return name.startsWith('__') && name.endsWith('__') && name.length > 4
}

function unsafe(target: Value, name: string, span: Span | undefined): Value {
  const message = () =>
    `Expected a name without double underscores, and "${name}" of ${describeValue(target)} is unsafe: it leads out of the template. Remove it.`
  return { kind: 'undefined', reason: 'unsafe', message, span, state: 'new' }
}

function missing(target: Value, key: Value, span: Span | undefined): Value {
  return undefinedValue(() => missingMessage(target, key), span)
}

function missingMessage(target: Value, key: Value): string {
  const name = textOf(key)
  const shown = name === undefined ? describeKey(key) : JSON.stringify(name)
  const nearAttribute = name !== undefined && isObject(target) && target.kind === 'instance' ? nearestWord(name, target.names) : undefined
  if (nearAttribute !== undefined)
    return `Expected an attribute of a ${typeName(target)}, and ${shown} is none. Did you mean "${nearAttribute}"?`
  if (!isObject(target) || target.kind !== 'dict')
    return `Expected ${shown} in ${describeValue(target)}, which has none ('${typeName(target)}' object has no such attribute or item). Test it with "is defined".`
  const known = [...target.entries.values()].map(([entry]) => textOf(entry)).filter((text) => text !== undefined)
  const near = name === undefined ? undefined : nearestWord(name, known)
  const advice = near === undefined ? listed(known) : ` Did you mean "${near}"?`
  return `Expected a key of this dict, and ${shown} is none.${advice}`
}

function describeKey(key: Value): string {
  return asInteger(key) === undefined ? `an item for ${describeValue(key)}` : `item ${asInteger(key)}`
}

function listed(known: readonly string[]): string {
  if (known.length === 0) return ' The dict is empty.'
  const shown = known.slice(0, 8).map((name) => name.slice(0, 40))
  return ` It has ${shown.join(', ')}${known.length > 8 ? ', …' : ''}.`
}
