import { type Builtin, builtin } from './builtin.ts'
import { dictFrom } from './dicts.ts'
import { counted, inPieces, soft } from './filter-text.ts'
import { toJson } from './json.ts'
import { characters, demandLength, textLength } from './lengths.ts'
import { typeFault, unsupportedFault, valueFault } from './limits.ts'
import { demandCount, demandText, optional } from './method-table.ts'
import { type CallArguments, isUndefined, type Machine, textOf, tuple, type Value } from './objects.ts'
import { formatPercent } from './percent-format.ts'
import { prettyPrint } from './pretty-print.ts'
import type { Bound } from './signature.ts'
import { capitalize, likewise, padText, replaceText, splitLines, strip } from './text.ts'
import { asInteger, isTrue } from './values.ts'
import { wrapLine } from './word-wrap.ts'

type Filter = Builtin<Value>

function flag(value: Value | undefined, fallback: 'yes' | 'no' = 'no'): boolean {
  return value === undefined ? fallback === 'yes' : isTrue(value)
}

function mapping(name: string, change: (text: string) => string): Filter {
  return builtin(name, '', (value, _, machine) => {
    const text = soft(value, machine)
    machine.meter.text(text.length * 2)
    return likewise(value, change(text))
  })
}

/** Jinja's own: a word begins behind blanks, hyphens and opening brackets. */
function titleWords(text: string): string {
  return text
    .split(/([-\s({[<]+)/u)
    .map((word) => {
      const [first = ''] = word
      return first.toUpperCase() + word.slice(first.length).toLowerCase()
    })
    .join('')
}

function replace(value: Value, [old, replacement, count]: Bound, machine: Machine): Value {
  const limit = optional(count, demandCount) ?? -1
  return replaceText(
    soft(value, machine),
    soft(old ?? null, machine),
    soft(replacement ?? null, machine),
    limit < 0 ? Number.POSITIVE_INFINITY : limit,
    machine.meter,
  )
}

function indent(value: Value, [width = 4n, first, blank]: Bound, { meter }: Machine): Value {
  const text = demandText(value)
  const amount = asInteger(width)
  const spaces = textOf(width) === undefined ? demandCount(amount ?? width) : 0
  meter.text(Math.max(0, spaces))
  const indention = textOf(width) ?? ' '.repeat(Math.max(0, spaces))
  const lines = splitLines(`${text}\n`, 'dropped', meter)
  meter.text(text.length + lines.length * indention.length)
  const rest = lines.map((line, index) => (index === 0 || (line === '' && !flag(blank)) ? line : indention + line))
  return likewise(value, (flag(first) ? indention : '') + rest.join('\n'))
}

function truncate(value: Value, [length = 255n, kill, end = '...', leeway]: Bound, { meter }: Machine): Value {
  const size = demandCount(length)
  const ending = demandText(end)
  const room = size - textLength(ending, meter)
  if (room < 0) return valueFault(`Expected a length of at least ${textLength(ending, meter)} for the filter "truncate", got ${size}.`)
  const slack = optional(leeway, demandCount) ?? 5
  if (slack < 0) return valueFault(`Expected a leeway of at least 0 for the filter "truncate", got ${slack}.`)
  // Jinja looks at the length only, so a short list passes.
  if (demandLength(value, meter) <= size + slack) return value
  const all = characters(demandText(value), meter)
  const head = typeof all === 'string' ? all.slice(0, room) : all.slice(0, room).join('')
  if (flag(kill)) return head + ending
  const space = head.lastIndexOf(' ')
  return (space < 0 ? head : head.slice(0, space)) + ending
}

function wordWrap(value: Value, [width = 79n, long, wrapString, hyphens]: Bound, { meter }: Machine): Value {
  const size = demandCount(width)
  if (size <= 0) return valueFault(`Expected a width of at least 1 for the filter "wordwrap", got ${size}.`)
  const text = demandText(value)
  const between = optional(wrapString, demandText) ?? '\n'
  meter.text(text.length)
  meter.pieces(text.length)
  const options = {
    width: size,
    longWords: flag(long, 'yes') ? 'broken' : 'kept',
    hyphens: flag(hyphens, 'yes') ? 'broken' : 'kept',
  } as const
  const lines = splitLines(text, 'dropped', meter).map((line) => wrapLine(line, options))
  meter.text(lines.reduce((sum, parts) => sum + parts.length, 0) * between.length + text.length)
  return lines.map((parts) => parts.join(between)).join(between)
}

function format(value: Value, _: Bound, machine: Machine, given: CallArguments): Value {
  if (given.positional.length > 0 && given.named.size > 0)
    return typeFault('Expected values with names or without for the filter "format", got both.')
  const values = given.named.size > 0 ? dictFrom(given.named, machine.meter) : tuple(given.positional)
  return likewise(value, formatPercent(soft(value, machine), values, machine.meter))
}

function defaultTo(value: Value, [fallback = '', whenFalse]: Bound): Value {
  if (isUndefined(value)) return fallback
  return flag(whenFalse) && !isTrue(value) ? fallback : value
}

function defaulting(name: string): Filter {
  return builtin(name, 'default_value? boolean?', defaultTo, 'accepted')
}

function json(value: Value, [indent]: Bound, { meter }: Machine): Value {
  const text =
    indent === undefined || indent === null ? undefined : (textOf(indent) ?? ' '.repeat(Math.min(1000, Math.max(0, demandCount(indent)))))
  return { kind: 'markup', text: toJson(value, text, meter) }
}

function refused(name: string, advice: string): Filter {
  return builtin(
    name,
    '*',
    () => unsupportedFault(`Expected a filter that specs can use, and "${name}" is none here. ${advice}.`),
    'accepted',
  )
}

export const textFilters: readonly Filter[] = [
  mapping('upper', (text) => text.toUpperCase()),
  mapping('lower', (text) => text.toLowerCase()),
  mapping('capitalize', capitalize),
  builtin('title', '', (value, _, machine) => counted(titleWords(inPieces(soft(value, machine), machine)), machine)),
  builtin('string', '', (value, _, machine) => likewise(value, soft(value, machine))),
  builtin('trim', 'chars?', (value, [chars], machine) => {
    machine.meter.pieces((textOf(value)?.length ?? 0) / 4)
    return likewise(value, strip(soft(value, machine), optional(chars, demandText), 'both'))
  }),
  builtin('center', 'width?', (value, [width = 80n], machine) => {
    const text = soft(value, machine)
    return likewise(value, padText(text, textLength(text, machine.meter), demandCount(width), ' ', 'center', machine.meter))
  }),
  builtin('replace', 'old new count?', replace),
  builtin('indent', 'width? first? blank?', indent),
  builtin('truncate', 'length? killwords? end? leeway?', truncate),
  builtin('wordwrap', 'width? break_long_words? wrapstring? break_on_hyphens?', wordWrap),
  builtin('wordcount', '', (value, _, machine) => BigInt(inPieces(soft(value, machine), machine).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0)),
  builtin('format', '*', format),
  defaulting('default'),
  defaulting('d'),
  builtin('tojson', 'indent?', json),
  builtin('pprint', '', (value, _, { meter }) => prettyPrint(value, meter), 'accepted'),
  refused('attr', 'Write value.name or value["name"]'),
  refused('urlize', 'It makes links for web pages'),
]
