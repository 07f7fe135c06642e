import { hasSurrogates } from './lengths.ts'
import { type Meter, unsupportedFault } from './limits.ts'
import { LongText } from './long-text.ts'
import type { Dict, Moment, Range, Value } from './objects.ts'
import { isObject } from './objects.ts'
import { failUndefined, typeName } from './values.ts'

/** Python's `str()`: what `{{ value }}` prints. */
export function printValue(value: Value, meter: Meter): string {
  if (typeof value === 'string') return value
  if (isObject(value)) {
    if (value.kind === 'markup') return value.text
    if (value.kind === 'undefined') return value.reason === 'lenient' ? '' : failUndefined(value)
    if (value.kind === 'moment') return momentText(value, value.precision === 'date' ? '' : ' ')
  }
  return represent(value, meter)
}

/** Python's `repr()`: what a value looks like inside a printed list or dict. */
export function represent(value: Value, meter: Meter): string {
  const printer = new Printer(meter)
  printer.write(value)
  return printer.text()
}

/** Collects parts, so that printing takes time by the length of the text, and ends at the limit before joining them. */
class Printer {
  readonly #meter: Meter
  readonly #made: LongText
  /** Containers around the one being written: one inside itself prints as `[...]`. */
  readonly #around = new Set<object>()

  constructor(meter: Meter) {
    this.#meter = meter
    this.#made = new LongText(meter)
  }

  text(): string {
    return this.#made.text()
  }

  write(value: Value): void {
    this.#meter.step()
    if (!isObject(value)) {
      this.#put(representPrimitive(value, this.#meter))
      return
    }
    if (this.#around.has(value)) {
      this.#put(value.kind === 'list' ? '[...]' : value.kind === 'dict' ? '{...}' : '...')
      return
    }
    this.#around.add(value)
    this.#meter.enter()
    this.#object(value)
    this.#meter.leave()
    this.#around.delete(value)
  }

  #object(value: Extract<Value, object>): void {
    switch (value.kind) {
      case 'list':
        this.#sequence('[', value.items, ']')
        break
      case 'tuple':
        this.#sequence('(', value.items, value.items.length === 1 ? ',)' : ')')
        break
      case 'dict':
        this.#dict(value)
        break
      case 'view':
        this.#view(value.part, value.dict)
        break
      case 'namespace':
        this.#put('<Namespace ')
        this.#pairs([...value.attributes])
        this.#put('>')
        return
      default:
        this.#put(representObject(value, this.#meter))
    }
  }

  #sequence(open: string, items: readonly Value[], close: string): void {
    this.#put(open)
    items.forEach((item, index) => {
      if (index > 0) this.#put(', ')
      this.write(item)
    })
    this.#put(close)
  }

  #dict(dict: Dict): void {
    this.#pairs([...dict.entries.values()])
  }

  #pairs(pairs: readonly (readonly [Value, Value])[]): void {
    this.#put('{')
    pairs.forEach(([key, value], index) => {
      if (index > 0) this.#put(', ')
      this.write(key)
      this.#put(': ')
      this.write(value)
    })
    this.#put('}')
  }

  #view(part: 'keys' | 'values' | 'items', dict: Dict): void {
    this.#put(`dict_${part}(`)
    const items = [...dict.entries.values()].map(
      ([key, value]): Value => (part === 'keys' ? key : part === 'values' ? value : { kind: 'tuple', items: [key, value] }),
    )
    this.#sequence('[', items, ']')
    this.#put(')')
  }

  #put(text: string): void {
    this.#made.put(text)
  }
}

function representPrimitive(value: string | bigint | number | boolean | null, meter: Meter): string {
  if (value === null) return 'None'
  switch (typeof value) {
    case 'string':
      return representText(value, meter)
    case 'bigint':
      return integerText(value, meter)
    case 'number':
      return floatText(value)
    default:
      return value ? 'True' : 'False'
  }
}

function representObject(value: Extract<Value, object>, meter: Meter): string {
  switch (value.kind) {
    case 'markup':
      return `Markup(${representText(value.text, meter)})`
    case 'moment':
      return representMoment(value)
    case 'range':
      return representRange(value, meter)
    case 'undefined':
      return 'Undefined'
    case 'callable':
      if (value.macro === undefined) return noText(`the ${value.description}, which is not called here`, 'Add "()" behind it to call it')
      return value.macro.name === undefined ? '<Macro anonymous>' : `<Macro ${representText(value.macro.name, meter)}>`
    case 'generator':
      return noText(`the result of "${value.source}", which is a generator`, 'Add |list or |join')
    default:
      return noText(`a ${typeName(value)}`, 'Print one of its attributes')
  }
}

/** Digits without a sign come from a value that is not negative. */
export function integerText(value: bigint, meter: Meter, base = 10): string {
  meter.weigh(value)
  return value.toString(base)
}

/** Python would print an address in memory, which is another one each time. */
function noText(what: string, advice: string): never {
  return unsupportedFault(`Expected a value that has a text, got ${what}. ${advice}.`)
}

function representRange({ start, stop, step }: Range, meter: Meter): string {
  const bounds = (step === 1n ? [start, stop] : [start, stop, step]).map((bound) => integerText(bound, meter))
  return `range(${bounds.join(', ')})`
}

/** Python's shortest text that reads back as the same float; an exponent from 1e16 on and below 1e-4. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 16) return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  const text = exponent < 0 ? value.toFixed(Math.max(0, mantissa.replace(/[-.]/g, '').length - 1 - exponent)) : String(value)
  return text.includes('.') ? text : `${text}.0`
}

const unprintable = /[\p{C}\p{Z}]/u
const needsEscape = /[\\'\p{C}\p{Z}]/u
const namedEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' }

/** Single quotes, unless the text has some and no double ones. */
export function representText(text: string, meter: Meter): string {
  meter.scan(text.length)
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  if (!needsEscape.test(text.replaceAll(' ', ''))) return `${quote}${text}${quote}`
  meter.pieces(text.length)
  const pieces: string[] = []
  for (const character of hasSurrogates(text) ? [...text] : text) pieces.push(escapeCharacter(character, quote))
  return `${quote}${pieces.join('')}${quote}`
}

function escapeCharacter(character: string, quote: string): string {
  const named = namedEscapes[character]
  if (named !== undefined) return named
  if (character === quote) return `\\${quote}`
  if (character === ' ' || !unprintable.test(character)) return character
  const code = character.codePointAt(0) ?? 0
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}

/** ISO 8601 as Python writes it. `separator` empty: the date alone. */
export function momentText(moment: Moment, separator: string): string {
  const [year = 1, month = 1, day = 1, hour = 0, minute = 0, second = 0, microsecond = 0] = moment.parts
  const date = `${String(year).padStart(4, '0')}-${pad(month)}-${pad(day)}`
  if (separator === '') return date
  const fraction = microsecond === 0 ? '' : `.${String(microsecond).padStart(6, '0')}`
  return `${date}${separator}${pad(hour)}:${pad(minute)}:${pad(second)}${fraction}${offsetText(moment.offsetSeconds)}`
}

function offsetText(offsetSeconds: number | undefined): string {
  if (offsetSeconds === undefined) return ''
  const minutes = Math.floor(Math.abs(offsetSeconds) / 60)
  return `${offsetSeconds < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}

function representMoment(moment: Moment): string {
  const [year = 1, month = 1, day = 1, hour = 0, minute = 0, second = 0, microsecond = 0] = moment.parts
  if (moment.precision === 'date') return `datetime.date(${year}, ${month}, ${day})`
  const parts: (number | string)[] = [year, month, day, hour, minute]
  if (second !== 0 || microsecond !== 0) parts.push(second)
  if (microsecond !== 0) parts.push(microsecond)
  if (moment.offsetSeconds !== undefined) parts.push(`tzinfo=${representZone(moment.offsetSeconds)}`)
  return `datetime.datetime(${parts.join(', ')})`
}

function representZone(offsetSeconds: number): string {
  if (offsetSeconds === 0) return 'datetime.timezone.utc'
  const days = Math.floor(offsetSeconds / 86_400)
  const seconds = offsetSeconds - days * 86_400
  const parts = [days === 0 ? '' : `days=${days}`, seconds === 0 ? '' : `seconds=${seconds}`].filter((part) => part !== '')
  return `datetime.timezone(datetime.timedelta(${parts.join(', ')}))`
}
