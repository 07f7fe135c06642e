import type { YAMLParseError } from 'yaml'
import { type Enclosed, scanEnclosed } from './flow-scan.ts'

/** What is wrong with a text that is no YAML, in words of ours: offsets in the text, the end exclusive. */
export type SyntaxFault = { readonly start: number; readonly end: number; readonly message: string }

/** Faults of one text that are told. */
const maximumFaults = 5

/** A text of which `text` is a repaired form: the indentation that somebody wrote. */
export type Unrepaired = { readonly text: string; readonly original: (offset: number) => number }

/** One fault for one mistake: what the library finds behind it, and which only follows from it, is dropped. */
export function syntaxFaults(errors: readonly YAMLParseError[], text: string, written: Unrepaired): readonly SyntaxFault[] {
  const sorted = [...errors].sort((a, b) => a.pos[0] - b.pos[0])
  const [first] = sorted
  if (first === undefined) return []
  const enclosed = scanEnclosed(text)
  const faults: SyntaxFault[] = []
  const lines = new Set<number>()
  for (const error of sorted) {
    const line = lineStart(text, error.pos[0])
    if (lines.has(line)) continue
    lines.add(line)
    const cause = causeOf(error, text, written, enclosed)
    faults.push(cause ?? { ...placeOf(error), message: messageOf(error, text) })
    if (cause !== undefined || !staysOnItsLine(error, text) || faults.length >= maximumFaults) break
  }
  return faults
}

function placeOf({ code, pos: [start, end] }: YAMLParseError): { readonly start: number; readonly end: number } {
  return { start, end: Math.max(end, start + (code === 'BAD_DQ_ESCAPE' ? 2 : 1)) }
}

/** A mistake further up that the library notices only here. */
function causeOf(error: YAMLParseError, text: string, written: Unrepaired, enclosed: readonly Enclosed[]): SyntaxFault | undefined {
  const [at] = error.pos
  return unclosedQuote(at, text, enclosed) ?? unclosedBracket(at, text, written, enclosed) ?? gluedDash(at, text) ?? deeperKey(error, text)
}

/** A quote that nothing closes, or that ends at the next one, lines below, with the text of that one right behind it. */
function unclosedQuote(at: number, text: string, enclosed: readonly Enclosed[]): SyntaxFault | undefined {
  const quote = enclosed.find((one) => one.kind === 'quote' && one.start <= at && isOpenQuote(one, text))
  if (quote === undefined) return undefined
  const sign = text[quote.start] ?? ''
  const message = `Expected a closing ${sign} on this line for the quote that opens here, but there is none. Add it, or remove this one.`
  return { start: quote.start, end: quote.start + 1, message }
}

function isOpenQuote({ start, end, closed }: Enclosed, text: string): boolean {
  if (closed === 'no') return true
  return text.slice(start, end).includes('\n') && /[^\s,\]}:#]/.test(text[end] ?? ' ')
}

/** A bracket around the place that no bracket closes, or only one below a line that stands no deeper than its own. */
function unclosedBracket(at: number, text: string, written: Unrepaired, enclosed: readonly Enclosed[]): SyntaxFault | undefined {
  const bracket = enclosed.find((one) => one.kind === 'bracket' && one.start < at && isOpenBracket(one, written))
  if (bracket === undefined || (bracket.end < at && bracket.closed === 'yes')) return undefined
  const sign = text[bracket.start] ?? ''
  const closing = sign === '[' ? ']' : '}'
  const message = `Expected "${closing}" for the "${sign}" that opens here, but there is none before the next key or the end. Add it, or put the text in quotes.`
  return { start: bracket.start, end: bracket.start + 1, message }
}

/** A second key below a value on its key's line, which the library takes for more of that value. */
function deeperKey({ code, pos: [at] }: YAMLParseError, text: string): SyntaxFault | undefined {
  if (code !== 'BLOCK_AS_IMPLICIT_KEY') return undefined
  const end = text.indexOf('\n', at)
  if (end === -1 || /:(?: |$)/.test(text.slice(at, end)) || text.startsWith('- ', at)) return undefined
  const next = /^\s*(?=\S)/.exec(text.slice(end, end + 10_000))?.[0].length
  if (next === undefined) return undefined
  return { start: end + next, end: end + next + 1, message: otherColumn }
}

function isOpenBracket({ start, end, closed }: Enclosed, { text, original }: Unrepaired): boolean {
  const [from, to] = [original(start), original(end)]
  const own = indentOf(text.slice(lineStart(text, from), from))
  const behind = text.slice(from, to).split('\n').slice(1)
  const isKey = (line: string) => /^ *(?:- |[\w"'-]+ *:(?: |$))/.test(line) && indentOf(line) <= own
  return behind.some(isKey) || (closed === 'no' && behind.every((line) => line.trim() === ''))
}

/** The column of the key on a line, behind the dashes of lists. */
function indentOf(line: string): number {
  return /^ *(?:- +)*/.exec(line)?.[0].length ?? 0
}

/** `-name: x`, which is a key that begins with a dash. */
function gluedDash(at: number, text: string): SyntaxFault | undefined {
  const start = lineStart(text, at)
  const dash = /^( *)-[A-Za-z_"'][^\n:]*:(?:\s|$)/.exec(text.slice(start, start + 1_000))
  if (dash === null) return undefined
  const place = start + (dash[1]?.length ?? 0)
  return { start: place, end: place + 1, message: 'Expected a blank behind the "-" of a list, but there is none. Write "- ".' }
}

/** Whether what stands on the lines behind is to be understood as if this fault were not there. */
function staysOnItsLine({ code, pos: [at] }: YAMLParseError, text: string): boolean {
  if (code === 'BAD_DQ_ESCAPE') return true
  return code === 'BLOCK_AS_IMPLICIT_KEY' && (lineAt(text, at).match(/: /g)?.length ?? 0) > 1
}

const otherColumn =
  'Expected this line in the column of the lines that it belongs to, but it stands in another. Check its indentation and that of the line above.'
const listBehindKey =
  'Expected a list on lines of its own below its key, but "- " stands behind the key. Move it to the next line, or write [a, b].'

function messageOf({ code, message, pos: [at] }: YAMLParseError, text: string): string {
  switch (code) {
    case 'MISSING_CHAR':
      return missing(message, text, at)
    case 'BLOCK_AS_IMPLICIT_KEY':
      return message.includes('sequence')
        ? listBehindKey
        : 'Expected one key and its value, but a second ": " stands in the value. Put the value in quotes, or the mapping below its key.'
    case 'BAD_INDENT':
      return otherColumn
    case 'TAB_AS_INDENT':
      return 'Expected blanks at the start of the line, but there is a tab. Indent with blanks.'
    case 'MULTILINE_IMPLICIT_KEY':
      return 'Expected a key and its colon on one line, but they stand on several. Add the colon, or indent the text below its key.'
    case 'KEY_OVER_1024_CHARS':
      return 'Expected a key of at most 1024 characters, but it is longer. Shorten it.'
    case 'BAD_SCALAR_START':
      return `Expected text that does not begin with ${JSON.stringify(text[at] ?? '')}, which means something else in YAML. Put the text in quotes.`
    case 'BAD_DQ_ESCAPE':
      return `Expected a "\\" that begins an escape such as \\n, but "${text.slice(at, at + 2)}" is none. Write "\\\\" for a backslash, or use single quotes.`
    case 'UNEXPECTED_TOKEN':
      return unexpected(message, text, at)
    case 'BLOCK_IN_FLOW':
      return 'Expected items with commas between them inside brackets, but a block of lines begins here. Close the bracket, or write the list in lines.'
    case 'BAD_ALIAS':
    case 'ALIAS_PROPS':
    case 'MULTIPLE_ANCHORS':
    case 'MULTIPLE_TAGS':
    case 'BAD_PROP_ORDER':
      return 'Expected at most one anchor "&name" and one tag "!name" before a value, and "*name" alone. Remove what is too much, or put the text in quotes.'
    case 'BAD_DIRECTIVE':
      return 'Expected no line that begins with "%". Remove it, or put the text in quotes.'
    case 'DUPLICATE_KEY':
      return 'Expected each key once, but it stands here a second time. Remove one.'
    default:
      return 'Expected YAML, but this text has another form. Check the quotes, brackets and indentation of this line and of the one above.'
  }
}

function missing(message: string, text: string, at: number): string {
  if (message.startsWith('Comments')) return 'Expected a blank before "#", but there is none. Add it, or put the text in quotes.'
  if (message.startsWith('Implicit map keys'))
    return 'Expected "key: value" as on the lines around, but there is no colon with a blank behind it. Add it, or indent the text below its key.'
  if (message.startsWith('Sequence item'))
    return 'Expected "- " before each item of this list, but here is none. Add it, or correct the indentation.'
  if (message.startsWith('Tags and anchors')) return 'Expected a blank behind an anchor or a tag, but there is none. Add it.'
  if (message.startsWith('Missing space')) return 'Expected a blank behind the colon, but there is none. Add it.'
  if (message.startsWith('Missing ,'))
    return 'Expected a comma between the items in brackets, but there is none. Add it, or put the text in quotes.'
  if (/quote$/.test(message)) return `Expected a closing quote, but the text ends before it. Add it to the line where the quote opens.`
  if (message.startsWith('Block scalars'))
    return 'Expected this line at least as deep as the empty lines above it, but they have more blanks. Remove the blanks from the empty lines.'
  if (text[at] === '%') return 'Expected no line that begins with "%". Remove it, or put the text in quotes.'
  return 'Expected "---" only before a whole document. Remove it.'
}

function unexpected(message: string, text: string, at: number): string {
  if (/^- /.test(text.slice(at, at + 2)) && /: *$/.test(text.slice(lineStart(text, at), at))) return listBehindKey
  const before = text.slice(lineStart(text, at), at)
  if (message.startsWith('Block scalar header') || /[|>][-+0-9]* +$/.test(before))
    return 'Expected a line break behind "|" or ">", but text follows. Move it to the next line, and indent it.'
  if (/["']/.test(text[at - 1] ?? ''))
    return "Expected nothing behind the closing quote, but text follows. Write a quote inside the text twice ('') or as \\\", or use the other kind of quotes."
  if (message.includes('at node end'))
    return 'Expected the end of the value, but more follows. Put it all in quotes, or on a line of its own.'
  if (/^[,\]}]/.test(text.slice(at)))
    return `Expected a value before ${JSON.stringify(text[at])}, or an opening bracket to which it belongs. Add it, or remove the sign.`
  return 'Expected a value or a key, but this cannot stand here. Check the quotes, brackets and indentation of this line and of the one above.'
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

function lineAt(text: string, offset: number): string {
  const end = text.indexOf('\n', offset)
  return text.slice(lineStart(text, offset), end === -1 ? text.length : end)
}
