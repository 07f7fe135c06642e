import type { ParsedNode } from 'yaml'
import type { FaultResult } from './dialect.ts'

// Where PyYAML is stricter than YAML 1.2, mostly inside brackets and braces.

/** Characters from the start of a key to its colon, beyond which PyYAML no longer takes it for a key. */
const maximumKeyLength = 1024

/** A key that needs a `?` before it, because its colon stands on another line or too far away. */
export function faultOfKey(source: string, key: ParsedNode): FaultResult | undefined {
  const colon = colonBehind(source, key.range[1])
  if (colon === undefined) return undefined
  const start = startWithProperties(key, source)
  const isLong = colon - start > maximumKeyLength && [...source.slice(start, colon)].length > maximumKeyLength
  if (!isLong && !/[\n\r]/.test(source.slice(start, colon))) return undefined
  if (/\?\s*$/.test(source.slice(Math.max(0, start - 100), start))) return undefined
  return isLong
    ? fault(`Expected a key of at most ${maximumKeyLength} characters, but it is longer. Write "? " before it.`)
    : fault('Expected a key and its colon on one line. Join the lines.')
}

/** Where the tag and the anchor before a node begin, if it has any. */
export function startWithProperties(node: ParsedNode, source: string): number {
  const count = ('tag' in node && node.tag !== undefined ? 1 : 0) + ('anchor' in node && node.anchor !== undefined ? 1 : 0)
  let start = node.range[0]
  for (let found = 0; found < count; found++) start = startOfWord(source, start)
  return /[&!]/.test(source[start] ?? '') ? start : node.range[0]
}

/** Of a tag or an anchor that ends before `end`, with blanks between. */
function startOfWord(source: string, end: number): number {
  let at = end
  while (/\s/.test(source[at - 1] ?? '')) at--
  while (/[^\s[{,]/.test(source[at - 1] ?? ' ')) at--
  return at
}

function colonBehind(source: string, end: number): number | undefined {
  let at = end
  for (;;) {
    while (/[ \t\r\n]/.test(source[at] ?? '')) at++
    if (source[at] !== '#') return source[at] === ':' ? at : undefined
    const lineEnd = source.indexOf('\n', at)
    if (lineEnd === -1) return undefined
    at = lineEnd
  }
}

/** A plain text that ends or begins at `?` or `:`, which mean a key there. */
export function faultOfFlowText(source: string, { range: [start, end] }: ParsedNode): FaultResult | undefined {
  const text = source.slice(start, end)
  if (!text.includes('?') && !text.startsWith(':')) return undefined
  const sign = text.startsWith(':') ? ':' : '?'
  return fault(
    `Expected no "${sign}" here, because inside brackets and braces OSMO's YAML reader takes it for a key. Put the text in quotes.`,
  )
}

function fault(message: string): FaultResult {
  return { kind: 'fault', code: 'syntax/yaml', message }
}
