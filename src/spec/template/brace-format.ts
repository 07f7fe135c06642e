import { toFloat } from './arithmetic.ts'
import { textLength } from './lengths.ts'
import { type Meter, typeFault, unsupportedFault, valueFault } from './limits.ts'
import { type FloatStyle, formatFloat, groupDigits } from './number-format.ts'
import { type CallArguments, isObject, type Machine, textOf, type Value } from './objects.ts'
import { signed, toAscii } from './percent-format.ts'
import { floatText, integerText, printValue, represent } from './printing.ts'
import { padText } from './text.ts'
import { asInteger, describeValue } from './values.ts'

/** Python's `str.format`, with the sandbox's rule for attributes. */
export function formatBraces(format: string, given: CallArguments, machine: Machine): string {
  return new Formatter(given, machine).format(format, 0)
}

class Formatter {
  readonly #given: CallArguments
  readonly #machine: Machine
  #automatic = 0
  #numbering: 'automatic' | 'manual' | undefined

  constructor(given: CallArguments, machine: Machine) {
    this.#given = given
    this.#machine = machine
  }

  format(text: string, depth: number): string {
    this.#machine.meter.text(text.length)
    if (depth > 1) valueFault('Expected at most one field inside the description of another.')
    const parts: string[] = []
    let position = 0
    while (position < text.length) position = this.#part(text, position, depth, parts)
    return parts.join('')
  }

  /** One literal or one field; gives the offset behind it. */
  #part(text: string, start: number, depth: number, parts: string[]): number {
    this.#machine.meter.step()
    const brace = nextBrace(text, start)
    if (brace > start || text[brace + 1] === text[brace]) {
      const doubled = brace < text.length && brace === start
      parts.push(doubled ? (text[brace] ?? '') : text.slice(start, brace))
      return doubled ? brace + 2 : brace
    }
    if (text[brace] === '}') valueFault('Expected "{" before "}" in the format. Write }} for a brace.')
    const end = fieldEnd(text, brace)
    this.#machine.meter.step()
    const field = this.#field(text.slice(brace + 1, end), depth)
    this.#machine.meter.text(field.length)
    parts.push(field)
    return end + 1
  }

  #field(field: string, depth: number): string {
    const match = /^([^!:[]*(?:\[[^\]]*\][^!:[]*)*)(?:!([^:]))?(?::([\s\S]*))?$/.exec(field)
    if (match === null) return valueFault(`Expected a field such as {}, {0} or {name:>5}, got {${field.slice(0, 40)}}.`)
    const [, name = '', conversion, description = ''] = match
    const value = this.#converted(this.#lookUp(name), conversion)
    return formatValue(value, description.includes('{') ? this.format(description, depth + 1) : description, this.#machine.meter)
  }

  #lookUp(path: string): Value {
    const [, first = '', rest = ''] = /^([^.[]*)([\s\S]*)$/.exec(path) ?? []
    let value = this.#argument(first)
    for (const [, attribute, item] of rest.matchAll(/\.([^.[]+)|\[([^\]]+)\]/g)) {
      this.#machine.meter.step()
      if (attribute !== undefined) value = this.#machine.attribute(value, attribute)
      else if (item !== undefined) value = this.#machine.item(value, /^\d+$/.test(item) ? BigInt(item) : item)
    }
    return value
  }

  #argument(name: string): Value {
    const value = name === '' || /^\d+$/.test(name) ? this.#positional(name) : this.#given.named.get(name)
    return value === undefined
      ? valueFault(`Expected a value for {${name.slice(0, 40)}} in the arguments of format(), and there is none. Add it.`)
      : value
  }

  #positional(name: string): Value | undefined {
    const numbering = name === '' ? 'automatic' : 'manual'
    if (this.#numbering !== undefined && this.#numbering !== numbering)
      valueFault('Expected {} everywhere in the format or a number in all of them, and here are both. Write {0}, {1} and so on.')
    this.#numbering = numbering
    return this.#given.positional[name === '' ? this.#automatic++ : Number(name)]
  }

  #converted(value: Value, conversion: string | undefined): Value {
    const { meter } = this.#machine
    switch (conversion) {
      case undefined:
        return value
      case 's':
        return printValue(value, meter)
      case 'r':
        return represent(value, meter)
      case 'a':
        return toAscii(represent(value, meter), meter)
      default:
        return valueFault(`Expected !s, !r or !a in the format, got !${conversion}.`)
    }
  }
}

function nextBrace(text: string, start: number): number {
  let index = start
  while (index < text.length && text[index] !== '{' && text[index] !== '}') index++
  return index
}

function fieldEnd(text: string, start: number): number {
  let depth = 0
  for (let index = start; index < text.length; index++) {
    if (text[index] === '{') depth++
    if (text[index] === '}' && --depth === 0) return index
  }
  return valueFault('Expected "}" to end a field of the format, and the text ends before it. Write {{ for a brace.')
}

const descriptionPattern = /^(?:([\s\S])?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/u

type Description = {
  readonly fill: string
  readonly align: string | undefined
  readonly sign: string
  /** A number that prints as zero has no minus sign. */
  readonly zero: 'without-sign' | 'usual'
  readonly alternate: 'alternate' | 'usual'
  readonly width: number
  readonly grouping: string | undefined
  readonly precision: number | undefined
  readonly type: string | undefined
}

/** Python's `format(value, description)`. */
export function formatValue(value: Value, description: string, meter: Meter): string {
  if (description === '') return printValue(value, meter)
  const parsed = parseDescription(description)
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean') return formatNumber(value, parsed, meter)
  const text = textOf(value)
  if (text !== undefined) return formatText(text, parsed, meter)
  if (isObject(value) && value.kind === 'moment')
    return unsupportedFault('Expected no description behind ":" for a date. Write its year, month and day.')
  return typeFault(
    `Expected text or a number for the format "${description.slice(0, 40)}", got ${describeValue(value)}. Convert it with |string.`,
  )
}

function parseDescription(text: string): Description {
  const match = descriptionPattern.exec(text)
  if (match === null) return valueFault(`Expected a format such as >10 or .2f, got "${text.slice(0, 40)}".`)
  const [, fill, align, sign = '', negativeZero, alternate, zero, width, grouping, precision, type] = match
  return {
    fill: fill ?? (zero === undefined ? ' ' : '0'),
    align: align ?? (zero === undefined ? undefined : 'zeros'),
    sign,
    zero: negativeZero === undefined ? 'usual' : 'without-sign',
    alternate: alternate === undefined ? 'usual' : 'alternate',
    width: Number(width ?? 0),
    grouping,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  }
}

function formatText(text: string, description: Description, meter: Meter): string {
  if (description.type !== undefined && description.type !== 's')
    return valueFault(`Expected a number for the format "${description.type}", got text. Convert it with |int or |float.`)
  const { sign, zero, alternate, grouping, align } = description
  if (sign !== '' || zero !== 'usual' || alternate !== 'usual' || grouping !== undefined || align === '=')
    return valueFault('Expected a format for text, which has no sign, "#", "=" or ",". Convert the text with |int or |float.')
  const cut =
    description.precision === undefined ? text : [...text.slice(0, description.precision * 2)].slice(0, description.precision).join('')
  return aligned('', cut, { ...description, align: align === 'zeros' ? '<' : (align ?? '<') }, meter)
}

function formatNumber(value: bigint | number | boolean, description: Description, meter: Meter): string {
  const integer = asInteger(value)
  const wantsFloat = description.type !== undefined && 'eEfFgG%'.includes(description.type)
  if (integer !== undefined && !wantsFloat) return formatInteger(integer, description, meter)
  return formatFloatValue(toFloat(integer ?? (value as number)), description, meter)
}

function formatInteger(value: bigint, description: Description, meter: Meter): string {
  const type = description.type ?? 'd'
  if (type === 's') return valueFault('Expected text for the format "s", got an int. Convert it with |string.')
  checkIntegerFormat(type, description)
  if (type === 'c') return aligned('', characterOf(value), description, meter)
  const base = type === 'b' ? 2 : type === 'o' ? 8 : type.toLowerCase() === 'x' ? 16 : 10
  const digits = integerText(value < 0n ? -value : value, meter, base)
  const grouped = description.grouping === undefined ? digits : groupDigits(digits, description.grouping, base === 10 ? 3 : 4)
  const prefix = description.alternate === 'alternate' && base !== 10 ? `0${type}` : ''
  return aligned(signed(value < 0n, '', description.sign) + prefix, type === 'X' ? grouped.toUpperCase() : grouped, description, meter)
}

function checkIntegerFormat(type: string, { precision, zero, grouping, sign, alternate }: Description): void {
  if (precision !== undefined || zero !== 'usual') valueFault(`Expected no precision and no "z" for the format "${type}" of an int. Use f.`)
  const grouped = grouping === ',' ? 'd' : 'dboxX'
  if (grouping !== undefined && !grouped.includes(type)) valueFault(`Expected no "${grouping}" for the format "${type}". Remove it.`)
  if (type === 'c' && (sign !== '' || alternate !== 'usual')) valueFault('Expected no sign and no "#" for the format "c". Remove it.')
}

function characterOf(code: bigint): string {
  return code >= 0n && code <= 0x10ffffn
    ? String.fromCodePoint(Number(code))
    : valueFault('Expected the number of a character for the format "c".')
}

function formatFloatValue(value: number, description: Description, meter: Meter): string {
  if (description.type === 'n' && description.grouping !== undefined)
    return valueFault(`Expected no "${description.grouping}" for the format "n". Remove it.`)
  const digits = floatDigits(Math.abs(value), description, meter)
  const grouped = description.grouping === undefined ? digits : groupDigits(digits, description.grouping, 3)
  return aligned(signed(isNegative(value, digits, description), '', description.sign), grouped, description, meter)
}

function isNegative(value: number, digits: string, { zero }: Description): boolean {
  if (zero === 'without-sign' && !/[1-9ni]/i.test(digits.replace(/e.*/i, ''))) return false
  return value < 0 || Object.is(value, -0)
}

function floatDigits(value: number, { type, precision, alternate }: Description, meter: Meter): string {
  if (type === undefined && precision === undefined) return floatText(value)
  const zeros = alternate === 'alternate' ? 'kept' : 'dropped'
  if (type === undefined) return withPoint(formatFloat(value, 'g', precision ?? 6, zeros, meter))
  if (type === '%') return `${formatFloat(value * 100, 'f', precision ?? 6, zeros, meter)}%`
  if (!'eEfFgGn'.includes(type)) return valueFault(`Expected an integer for the format "${type}", got a float. Convert it with |int.`)
  return formatFloat(value, (type === 'n' ? 'g' : type) as FloatStyle, precision ?? 6, zeros, meter)
}

function withPoint(digits: string): string {
  return /^\d+$/.test(digits) ? `${digits}.0` : digits
}

function aligned(prefix: string, digits: string, { fill, align = '>', width }: Description, meter: Meter): string {
  const length = textLength(digits, meter)
  if (align === '=' || align === 'zeros') return prefix + padText(digits, length, width - prefix.length, fill, 'right', meter)
  const alignment = align === '<' ? 'left' : align === '^' ? 'center' : 'right'
  if (alignment === 'center') return centered(prefix + digits, length + prefix.length, width, fill, meter)
  return padText(prefix + digits, length + prefix.length, width, fill, alignment, meter)
}

/** Here the odd one always goes to the right, unlike in `str.center`. */
function centered(text: string, length: number, width: number, fill: string, meter: Meter): string {
  const before = Math.max(0, width - length) >> 1
  return padText(fill.repeat(Math.min(before, meter.limits.textLength)) + text, length + before, width, fill, 'left', meter)
}
