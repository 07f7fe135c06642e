import { type Builtin, builtin } from './builtin.ts'
import { escapeMarkup } from './escaping.ts'
import { counted, inPieces, soft } from './filter-text.ts'
import { collect, isIterable } from './iteration.ts'
import { typeFault, valueFault } from './limits.ts'
import { demandText } from './method-table.ts'
import { isDict, isUndefined, type Machine, textOf, type Value } from './objects.ts'
import type { Bound } from './signature.ts'
import { describeValue, isTrue } from './values.ts'

type Filter = Builtin<Value>

function escaping(name: string): Filter {
  return builtin(name, '', (value, _, machine) => ({ kind: 'markup', text: counted(escapeMarkup(value, machine.meter), machine) }))
}

function stripTags(value: Value, machine: Machine): Value {
  const text = withoutTags(withoutTags(inPieces(soft(value, machine), machine), '<!--', '-->'), '<', '>')
  machine.meter.scan(text.length)
  const words = splitWords(text)
  return counted(words.join(' ').replaceAll(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp));/g, decodeEntity), machine)
}

function withoutTags(text: string, open: string, close: string): string {
  const parts: string[] = []
  let position = 0
  for (let start = text.indexOf(open); start >= 0; start = text.indexOf(open, position)) {
    const end = text.indexOf(close, start)
    if (end < 0) break
    parts.push(text.slice(position, start))
    position = end + close.length
  }
  return parts.join('') + text.slice(position)
}

function splitWords(text: string): string[] {
  return text.split(/\s+/u).filter((word) => word !== '')
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

function decodeEntity(whole: string, decimal: string | undefined, hexadecimal: string | undefined, name: string | undefined): string {
  if (name !== undefined) return entities[name] ?? whole
  const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal)
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
}

function urlEncode(value: Value, machine: Machine): Value {
  if (textOf(value) !== undefined || !isIterable(value)) return counted(quoteUrl(inPieces(soft(value, machine), machine), 'path'), machine)
  const pairs = isDict(value) ? [...value.entries.values()] : collect(value, machine.meter).map((item) => collect(item, machine.meter))
  const parts = pairs.map((pair) => {
    const [key, entry] = pair
    if (pair.length !== 2 || key === undefined || entry === undefined)
      return valueFault('Expected pairs of a name and a value for the filter "urlencode".')
    return `${quoteUrl(inPieces(soft(key, machine), machine), 'query')}=${quoteUrl(inPieces(soft(entry, machine), machine), 'query')}`
  })
  return counted(parts.join('&'), machine)
}

function quoteUrl(text: string, part: 'path' | 'query'): string {
  const quoted = encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return part === 'path' ? quoted.replaceAll('%2F', '/') : quoted.replaceAll('%20', '+')
}

function xmlAttributes(value: Value, [space]: Bound, machine: Machine): Value {
  if (!isDict(value)) return typeFault(`Expected a dict for the filter "xmlattr", got ${describeValue(value)}.`)
  const parts: string[] = []
  for (const [key, entry] of value.entries.values()) {
    if (entry === null || isUndefined(entry)) continue
    const name = demandText(key)
    if (/[\s/>=]/.test(name))
      return valueFault(
        `Expected attribute names without blanks, "/", ">" and "=" for the filter "xmlattr", got ${JSON.stringify(name.slice(0, 40))}.`,
      )
    parts.push(`${escapeMarkup(name, machine.meter)}="${escapeMarkup(entry, machine.meter)}"`)
  }
  const text = counted(parts.join(' '), machine)
  return (space === undefined || isTrue(space)) && text !== '' ? ` ${text}` : text
}

/** Filters that make or unmake markup and addresses. */
export const markupFilters: readonly Filter[] = [
  escaping('escape'),
  escaping('e'),
  builtin('forceescape', '', (value, _, machine) => ({
    kind: 'markup',
    text: counted(escapeMarkup(soft(value, machine), machine.meter), machine),
  })),
  builtin('safe', '', (value, _, machine) => ({ kind: 'markup', text: soft(value, machine) })),
  builtin('striptags', '', (value, _, machine) => stripTags(value, machine)),
  builtin('urlencode', '', (value, _, machine) => urlEncode(value, machine)),
  builtin('xmlattr', 'autospace?', xmlAttributes),
]
