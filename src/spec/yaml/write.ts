import { pythonFloatText } from '../python-number.ts'
import type { TemplateValue } from '../types.ts'
import { meansTextToCore } from './core.ts'
import { meansText } from './pyyaml.ts'

/** A document as block-style YAML that PyYAML's safe loader, and any YAML 1.2 core loader, reads back as the same document. */
export function writeYaml(value: TemplateValue): string {
  const lines: string[] = []
  writeNode(value, '', 0, lines)
  return `${lines.join('\n')}\n`
}

const step = 2

/** `head` is what stands before the value on its first line, such as `name:` or `-`; `indent` is where its own lines begin. */
function writeNode(value: TemplateValue, head: string, indent: number, lines: string[]): void {
  const collection = asCollection(value)
  if (collection === undefined) writeScalar(value, head, indent, lines)
  else if (collection.items.length === 0) lines.push(join(head, collection.kind === 'mapping' ? '{}' : '[]'))
  else if (collection.kind === 'sequence') writeSequence(collection.items, head, indent, lines)
  else writeMapping(collection.items, head, indent, lines)
}

type Pair = readonly [key: TemplateValue, value: TemplateValue]
type Collection =
  | { readonly kind: 'sequence'; readonly items: readonly TemplateValue[] }
  | { readonly kind: 'mapping'; readonly items: readonly Pair[] }

function asCollection(value: TemplateValue): Collection | undefined {
  if (value === null || typeof value !== 'object') return undefined
  if (Array.isArray(value)) return { kind: 'sequence', items: value }
  if (value instanceof Map) return { kind: 'mapping', items: [...value] }
  return isScalarObject(value) ? undefined : { kind: 'mapping', items: Object.entries(value) }
}

function isScalarObject(value: object): value is { float: number } | { date: string } | { datetime: string } {
  const [first, ...others] = Object.entries(value)
  if (first === undefined || others.length > 0) return false
  return (first[0] === 'float' && typeof first[1] === 'number') || (/^date(?:time)?$/.test(first[0]) && typeof first[1] === 'string')
}

function writeSequence(items: readonly TemplateValue[], head: string, indent: number, lines: string[]): void {
  if (head !== '') lines.push(head)
  for (const item of items) {
    // A mapping or list begins on the line of its dash.
    const from = lines.length
    writeNode(item, '', indent + step, lines)
    lines[from] = `${' '.repeat(indent)}- ${(lines[from] ?? '').trimStart()}`
  }
}

function writeMapping(entries: readonly Pair[], head: string, indent: number, lines: string[]): void {
  if (head !== '') lines.push(head)
  for (const [key, value] of entries) {
    const name = keyText(key)
    const pad = ' '.repeat(indent)
    // PyYAML takes a key without `?` only up to 1024 characters.
    if (name.length <= 500) writeNode(value, `${pad}${name}:`, indent + step, lines)
    else {
      lines.push(`${pad}? ${name}`)
      writeNode(value, `${pad}:`, indent + step, lines)
    }
  }
}

function keyText(key: TemplateValue): string {
  return typeof key === 'string' ? oneLine(key) : scalarText(key)
}

function writeScalar(value: TemplateValue, head: string, indent: number, lines: string[]): void {
  if (typeof value !== 'string') lines.push(join(head, scalarText(value)))
  else if (isBlockText(value)) {
    lines.push(join(head, blockHeader(value)))
    for (const line of blockLines(value, Math.max(indent, step))) lines.push(line)
  } else lines.push(join(head, oneLine(value)))
}

function join(head: string, text: string): string {
  return head === '' ? text : `${head} ${text}`
}

function scalarText(value: TemplateValue): string {
  if (value === null) return 'null'
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : floatText(value)
  if (typeof value !== 'object') return String(value)
  if ('float' in value && typeof value.float === 'number') return floatText(value.float)
  if ('date' in value && typeof value.date === 'string') return value.date
  return 'datetime' in value && typeof value.datetime === 'string' ? value.datetime : '{}'
}

/** PyYAML reads `1e-05` as text: a float needs its point. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return '.nan'
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf'
  return pythonFloatText(value).replace(/^(-?[0-9]+)e/, '$1.0e')
}

function oneLine(text: string): string {
  return isPlain(text) ? text : quoted(text)
}

/** Narrower than YAML allows. `y` and `n` are words to PyYAML and booleans to others. */
function isPlain(text: string): boolean {
  if (!/^(?:-{0,2}[A-Za-z]|[0-9_./])(?:[\x20-\x7e]*[!-9;-~])?$/.test(text) || /:(?: |$)| #|[{}[\],]/.test(text) || text.length > 200)
    return false
  // At the start of a line three dots end a document.
  return !/^(?:[yn]$|\.\.\.)/i.test(text) && meansText(text) && meansTextToCore(text)
}

function quoted(text: string): string {
  return /["\\]/.test(text) && /^[\x20-\x7e]*$/.test(text) ? `'${text.replaceAll("'", "''")}'` : doubleQuoted(text)
}

/** JSON's escapes are YAML's, with the line breaks that only YAML knows and what PyYAML does not print added. */
function doubleQuoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Several lines of printable text, with something on the first and the last of them. */
function isBlockText(text: string): boolean {
  return (
    text.includes('\n') &&
    /\S/.test(text) &&
    !/[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u.test(text)
  )
}

function blockHeader(text: string): string {
  // Blanks at the beginning would be taken for the indentation.
  const indicator = /^[\n ]/.test(text) ? String(step) : ''
  if (!text.endsWith('\n')) return `|${indicator}-`
  return text.endsWith('\n\n') || /\n[ \t]+\n$/.test(text) ? `|${indicator}+` : `|${indicator}`
}

function blockLines(text: string, indent: number): readonly string[] {
  const body = text.endsWith('\n') ? text.slice(0, -1) : text
  return body.split('\n').map((line) => (line === '' ? '' : ' '.repeat(indent) + line))
}
