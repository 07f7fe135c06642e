import { CST, type Scalar } from 'yaml'

/** What the scalars of a text need that the library reads with other line breaks. */
export type ScalarTexts = {
  /** The text as it was written, as long as what the library read. */
  readonly written: string
  /** Where folded block scalars begin that the library was made to read as literal ones. */
  readonly unfolded: ReadonlySet<number>
}

/** A line break of YAML 1.1. The last two stay what they are, and are never folded to a blank. */
const lineBreak = '(?:\\r\\n|[\\r\\n\\x85\\u2028\\u2029])'
const lineBreaks = new RegExp(lineBreak, 'g')
const unicodeBreak = /[\u2028\u2029]/

export function hasUnicodeBreaks(text: string): boolean {
  return unicodeBreak.test(text)
}

/** The library folds by `\n` only: it gets folded block scalars with other breaks in them as literal ones. */
export function unfoldBlocks(tokens: readonly CST.Token[], written: string): ReadonlySet<number> {
  const unfolded = new Set<number>()
  const visitor: CST.Visitor = ({ key, value }) => {
    unfoldOne(key)
    unfoldOne(value)
  }
  for (const token of tokens) if (token.type === 'document') CST.visit(token, visitor)
  return unfolded

  function unfoldOne(token: CST.Token | null | undefined) {
    if (token?.type !== 'block-scalar') return
    const header = token.props.find((prop) => prop.type === 'block-scalar-header')
    if (header?.type !== 'block-scalar-header' || !header.source.startsWith('>')) return
    if (!hasUnicodeBreaks(written.slice(header.offset, header.offset + header.source.length + token.source.length + 1))) return
    header.source = `|${header.source.slice(1)}`
    unfolded.add(header.offset)
  }
}

/** The value of a scalar as PyYAML has it. */
export function scalarText(parsed: Scalar.Parsed, source: string, { written, unfolded }: ScalarTexts): string {
  const [start, end] = parsed.range
  const text = blockWithBlanks(parsed, source) ?? withoutAddedBreak(parsed, source)
  const slice = written.slice(start, end)
  // The library loses an empty line behind an escaped line break.
  if (!hasUnicodeBreaks(slice) && !(parsed.type === 'QUOTE_DOUBLE' && /\\[\r\n\x85]/.test(slice))) return text
  switch (parsed.type) {
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED': {
      const literal = withWrittenBreaks(text, slice)
      return unfolded.has(start) ? foldBlock(literal) : literal
    }
    case 'QUOTE_SINGLE':
      return foldLines(slice.slice(1, -1)).replaceAll("''", "'")
    case 'QUOTE_DOUBLE':
      return decode(slice)
    default:
      return foldLines(slice)
  }
}

/** Of lines of blanks at the end of a block with its indentation in the header PyYAML keeps what is deeper; the library loses some. */
function blockWithBlanks({ srcToken, range: [start] }: Scalar.Parsed, source: string): string | undefined {
  if (srcToken?.type !== 'block-scalar') return undefined
  const header = /^[|>][-+0-9]*/.exec(source.slice(start, start + 4))?.[0] ?? ''
  const [indicator] = /[1-9]/.exec(header) ?? []
  if (indicator === undefined) return undefined
  const end = source.indexOf('\n', start) + 1 + srcToken.source.length
  const body = srcToken.source + (/^(?: *\n)*(?: +$)?/.exec(source.slice(end))?.[0] ?? '')
  if (!/(?:^|\n) +[ \n]*$/.test(body)) return undefined
  const margin = Math.max(srcToken.indent, 0) + Number(indicator)
  return chomped(
    body.split('\n').map((line) => line.slice(margin)),
    header,
  )
}

function chomped(lines: readonly string[], header: string): string {
  const last = lines.findLastIndex((line) => line !== '')
  const content = lines.slice(0, last + 1).join('\n')
  const breaks = lines.length - 1 - Math.max(last, 0)
  const kept = header.includes('+') ? breaks : header.includes('-') || last === -1 ? 0 : Math.min(breaks, 1)
  return (header.startsWith('>') ? foldBlock(content) : content) + '\n'.repeat(kept)
}

/** A block scalar whose last line the text's end cuts off has no last line break in PyYAML; the library adds one. */
function withoutAddedBreak(parsed: Scalar.Parsed, source: string): string {
  const text = typeof parsed.value === 'string' ? parsed.value : ''
  const isBlock = parsed.type === 'BLOCK_LITERAL' || parsed.type === 'BLOCK_FOLDED'
  if (!isBlock || parsed.range[1] < source.length || !text.endsWith('\n')) return text
  const lastLine = source.slice(source.lastIndexOf('\n') + 1)
  const blanks = /(?:^|\n)([ \t]+)\n$/.exec(text)?.[1]
  const isCutOff = /\S/.test(lastLine) || (blanks !== undefined && lastLine.endsWith(blanks))
  return isCutOff ? text.slice(0, -1) : text
}

/** Every line break of a literal block is one of the source, in the same order, behind that of the header. */
function withWrittenBreaks(text: string, slice: string): string {
  const breaks = [...slice.matchAll(lineBreaks)].slice(1)
  let index = 0
  return text.replaceAll('\n', () => plainBreak(breaks[index++]?.[0] ?? '\n'))
}

function plainBreak(written: string): string {
  return unicodeBreak.test(written) ? written : '\n'
}

/** Folds a literal block: a `\n` between two lines of text that begin with no blank becomes a blank, or nothing before empty lines. */
function foldBlock(literal: string): string {
  const lines = literal.match(/[^\n\u2028\u2029]*(?:[\n\u2028\u2029]|$)/g) ?? []
  let folded = ''
  let empty = ''
  let last: { readonly lineBreak: string; readonly foldable: boolean } | undefined
  for (const line of lines) {
    const content = line.replace(/[\n\u2028\u2029]$/, '')
    const ownBreak = line.slice(content.length)
    const foldable = !/^[ \t]/.test(content)
    if (content === '') empty += ownBreak
    else {
      const join = last?.lineBreak === '\n' && last.foldable && foldable ? (empty === '' ? ' ' : '') : (last?.lineBreak ?? '')
      folded += join + empty + content
      empty = ''
      last = { lineBreak: ownBreak, foldable }
    }
  }
  return folded + (last?.lineBreak ?? '') + empty
}

const foldable = new RegExp(`[ \\t]*${lineBreak}(?:[ \\t]|${lineBreak})*`, 'g')

function foldLines(text: string): string {
  return text.replaceAll(foldable, fold)
}

/** One `\n` becomes a blank; with more behind it the first goes. */
function fold(run: string): string {
  const [first = '', ...others] = (run.match(lineBreaks) ?? []).map(plainBreak)
  return (first === '\n' ? (others.length === 0 ? ' ' : '') : first) + others.join('')
}

const escapedOrFoldable = new RegExp(`\\\\(?:${lineBreak}(?:[ \\t]|${lineBreak})*|[^])|${foldable.source}`, 'g')
const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\u2028': '\\L', '\u2029': '\\P', ' ': ' ' }

/** Folds first, so that the library decodes a text of one line. A break behind a backslash goes. */
function decode(slice: string): string {
  const oneLine = slice.replaceAll(escapedOrFoldable, (run) => {
    if (!run.startsWith('\\')) return escaped(fold(run))
    const [first, ...others] = (run.match(lineBreaks) ?? []).map(plainBreak)
    return first === undefined ? run : escaped(others.join(''))
  })
  return CST.resolveAsScalar({ type: 'double-quoted-scalar', offset: 0, indent: 0, source: oneLine })?.value ?? ''
}

function escaped(breaks: string): string {
  return [...breaks].map((character) => escapes[character] ?? character).join('')
}
