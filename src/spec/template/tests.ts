import { floorDivision } from './arithmetic.ts'
import { type Builtin, builtin, Registry } from './builtin.ts'
import { hashKey } from './dicts.ts'
import { filters } from './filters.ts'
import { isIterable } from './iteration.ts'
import { lengthOf } from './lengths.ts'
import { type Meter, typeFault, valueFault } from './limits.ts'
import { isDict, isObject, isUndefined, type Machine, textOf, type Value } from './objects.ts'
import { applyCompare } from './operators.ts'
import { printValue } from './printing.ts'
import type { CompareOperator } from './syntax.ts'
import { admit, asInteger, asNumber, describeValue, payFor } from './values.ts'

type Test = Builtin<boolean>

/** A test of the value alone, that an undefined one passes or fails like any other. */
function plain(name: string, answer: (value: Value, machine: Machine) => boolean): Test {
  return builtin(name, '', (value, _, machine) => answer(value, machine), 'accepted')
}

function comparing(operator: CompareOperator, ...names: readonly string[]): Test[] {
  return names.map((name) => builtin(name, 'other', (value, [other], { meter }) => applyCompare(operator, value, other ?? null, meter)))
}

function remainder(value: Value, divisor: bigint, test: string): bigint {
  const number = asNumber(value)
  if (typeof number === 'number' && Number.isInteger(number)) return remainder(BigInt(number), divisor, test)
  const integer = asInteger(value)
  if (integer === undefined)
    return typeof value === 'number'
      ? 2n
      : typeFault(`Expected a number for the test "${test}", got ${describeValue(value)}. Convert it with |int.`)
  return integer - divisor * floorDivision(integer, divisor)
}

function isDivisible(value: Value, divisor: Value | undefined): boolean {
  const by = asInteger(divisor ?? null) ?? typeFault('Expected an integer for the test "divisibleby".')
  if (by === 0n) return valueFault('Expected a divisor that is not zero for the test "divisibleby".')
  return remainder(value, by, 'divisibleby') === 0n
}

/** Of what Python's `str()` makes of the value. */
function caseTest(name: string, matches: (text: string) => boolean): Test {
  return builtin(name, '', (value, _, { meter }) => {
    const text = textOf(value) ?? printValue(value, meter)
    return /\p{Cased}/u.test(text) && matches(text)
  })
}

/** Python looks the value up in a dict, which refuses a list. */
function nameTest(name: string, names: Pick<ReadonlySet<string>, 'has'>): Test {
  return builtin(name, '', (value, _, { meter }) => hashKey(value, meter) !== '' && names.has(textOf(value) ?? ''))
}

function isCallable(value: Value): boolean {
  // StrictUndefined has a method for calls, so Python answers yes.
  if (!isObject(value)) return false
  return value.kind === 'callable' || value.kind === 'undefined' || (value.kind === 'instance' && value.call !== undefined)
}

function isSequence(value: Value, machine: Machine): boolean {
  if (isUndefined(value)) return value.reason === 'lenient'
  return lengthOf(value, machine.meter) !== undefined && !(isObject(value) && value.kind === 'view')
}

/** The same object, or an equal value where Python keeps one object for it. */
function isSame(value: Value, other: Value | undefined, meter: Meter): boolean {
  payFor(value, meter)
  return value === other
}

const list: readonly Test[] = [
  plain('defined', (value) => !isUndefined(value)),
  plain('undefined', isUndefined),
  plain('none', (value) => value === null),
  plain('boolean', (value) => typeof value === 'boolean'),
  plain('true', (value) => value === true),
  plain('false', (value) => value === false),
  plain('integer', (value) => typeof value === 'bigint'),
  plain('float', (value) => typeof value === 'number'),
  plain('number', (value) => asNumber(value) !== undefined),
  plain('string', (value) => textOf(value) !== undefined),
  plain('mapping', isDict),
  plain('sequence', isSequence),
  plain('iterable', (value) => isIterable(admit(value))),
  plain('callable', isCallable),
  plain('escaped', (value) => isObject(value) && value.kind === 'markup'),
  builtin('sameas', 'other', (value, [other], { meter }) => isSame(value, other, meter), 'accepted'),
  builtin('odd', '', (value) => remainder(value, 2n, 'odd') === 1n),
  builtin('even', '', (value) => remainder(value, 2n, 'even') === 0n),
  builtin('divisibleby', 'num', (value, [by]) => isDivisible(value, by)),
  caseTest('lower', (text) => !/[\p{Lu}\p{Lt}]/u.test(text)),
  caseTest('upper', (text) => !/[\p{Ll}\p{Lt}]/u.test(text)),
  builtin('in', 'seq', (value, [container], { meter }) => applyCompare('in', value, container ?? null, meter)),
  ...comparing('==', 'eq', '==', 'equalto'),
  ...comparing('!=', 'ne', '!='),
  ...comparing('<', 'lt', '<', 'lessthan'),
  ...comparing('<=', 'le', '<='),
  ...comparing('>', 'gt', '>', 'greaterthan'),
  ...comparing('>=', 'ge', '>='),
  nameTest('filter', filters),
  nameTest('test', { has: (name) => tests.has(name) }),
]

/** Jinja's own tests. */
export const tests: Registry<boolean> = new Registry<boolean>('test', list)
