import { Composer, CST, isScalar, Lexer, type ParsedNode, Parser, YAMLParseError } from 'yaml'
import type { Reporter } from '../reporter.ts'
import { firstTabBetweenTokens, isPrintable } from './characters.ts'
import { convert } from './convert.ts'
import type { Dialect, Origin } from './dialect.ts'
import { isClosed } from './flow-scan.ts'
import { faultOfLayout, faultOfProperty, type Misplaced } from './layout-rules.ts'
import type { YamlNode } from './node.ts'
import { repairFlow } from './repair.ts'
import { hasUnicodeBreaks, unfoldBlocks } from './scalar-text.ts'
import { syntaxFaults, type Unrepaired } from './syntax-faults.ts'

/** Collections within collections. Real specs have about ten. */
export const maximumDepth = 64
/** Pieces that the lexer cuts a text into: words, signs, blanks, line breaks; a script in a block is one. OSMO's own specs have at most 532. */
export const maximumLexemes = 200_000

/**
 * Loads one YAML document into nodes, or reports every fault and returns undefined. Never throws.
 * An empty document is null, as in PyYAML.
 */
export function loadYaml(written: string, dialect: Dialect, origin: Origin, reporter: Reporter): YamlNode | undefined {
  const texts = textsOf(written, dialect)
  if (!isPrintable(texts.text, origin, reporter)) return undefined
  const composed = compose(texts, dialect)
  const repaired = composed.kind === 'faults' && dialect.looseLayout === 'accepted' ? repairFlow(texts.text) : undefined
  if (repaired === undefined) return finish(composed, texts, { text: texts.text, original: same }, dialect, origin, reporter)
  const place: Origin = (start, end) => origin(repaired.original(start), repaired.original(end))
  const mended = { text: repaired.text, written: repaired.repair(texts.written) }
  const unrepaired = { text: texts.text, original: repaired.original }
  return finish(compose(mended, dialect), mended, unrepaired, dialect, place, reporter)
}

const same = (offset: number): number => offset

/** What the library reads, and the same with the line breaks that it does not know, character by character. */
type Texts = { readonly text: string; readonly written: string }

function textsOf(written: string, { lineBreaks }: Dialect): Texts {
  const text = lineBreaks === 'yaml-1.1' ? withPlainLineBreaks(written) : written
  return { text, written: lineBreaks === 'yaml-1.1' && hasUnicodeBreaks(written) ? written : text }
}

function compose({ text, written }: Texts, dialect: Dialect): Composition {
  const openQuotes: YAMLParseError[] = []
  const tokens = tokenize(text, dialect, openQuotes)
  if (!Array.isArray(tokens)) return tokens
  const deep = firstTooDeep(tokens)
  if (deep !== undefined) return { kind: 'too-deep', offset: deep }
  const unfolded = written === text ? none : unfoldBlocks(tokens, written)
  const composed = composeOne(tokens, text, unfolded, dialect)
  if (openQuotes.length > 0) return { kind: 'faults', errors: [...openQuotes, ...(composed.kind === 'faults' ? composed.errors : [])] }
  const misplaced = composed.kind === 'composed' && dialect.version === '1.1' ? faultOfLayout(tokens, text) : undefined
  return misplaced ?? composed
}

const none: ReadonlySet<number> = new Set()

/** Further characters end a line in YAML 1.1 (yaml.org/spec/1.1 §5.4); each is one character, so places stay. */
function withPlainLineBreaks(text: string): string {
  return /[\r\x85\u2028\u2029]/.test(text) ? text.replaceAll(/\r(?!\n)|[\x85\u2028\u2029]/g, '\n') : text
}

/** The lexer's announcement of a scalar. */
const scalarMark = CST.SCALAR

type Excess = { readonly kind: 'too-deep' | 'too-long'; readonly offset: number }

/** Feeds the parser piece by piece, so that hostile text ends early. */
function tokenize(text: string, { version }: Dialect, openQuotes: YAMLParseError[]): CST.Token[] | Excess | Misplaced {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let count = 0
  let brackets = 0
  let wasMark = false
  for (const lexeme of new Lexer().lex(text)) {
    if (++count > maximumLexemes) return { kind: 'too-long', offset: parser.offset }
    if (!wasMark && (lexeme === '[' || lexeme === '{')) brackets++
    else if (!wasMark && (lexeme === ']' || lexeme === '}')) brackets--
    if (brackets > maximumDepth) return { kind: 'too-deep', offset: parser.offset }
    const isProperty = version === '1.1' && !wasMark && /^[!&*]/.test(lexeme)
    const misplaced = isProperty ? faultOfProperty(lexeme, parser.offset, text) : undefined
    if (misplaced !== undefined) return misplaced
    // The library takes the quote of a last `''` for the closing one.
    if (!wasMark && /^["']/.test(lexeme) && lexeme.at(-1) === lexeme[0] && !isClosed(lexeme))
      openQuotes.push(openQuote(parser.offset, lexeme))
    wasMark = lexeme === scalarMark
    for (const token of parser.next(lexeme)) tokens.push(token)
  }
  for (const token of parser.end()) tokens.push(token)
  return tokens
}

function openQuote(start: number, lexeme: string): YAMLParseError {
  return new YAMLParseError([start + lexeme.length - 1, start + lexeme.length], 'MISSING_CHAR', 'Missing closing quote')
}

type Composition =
  | { readonly kind: 'composed'; readonly root: ParsedNode | undefined; readonly unfolded: ReadonlySet<number> }
  | { readonly kind: 'faults'; readonly errors: readonly YAMLParseError[] }
  | Misplaced
  | { readonly kind: 'second-document'; readonly offset: number }
  | Excess

function finish(
  composed: Composition,
  { text, written }: Texts,
  unrepaired: Unrepaired,
  dialect: Dialect,
  origin: Origin,
  reporter: Reporter,
): YamlNode | undefined {
  const tab = dialect.tabs === 'refused' && text.includes('\t') ? firstTabBetweenTokens(text) : undefined
  if (tab !== undefined) {
    const message = "Expected a space, but there is a tab: OSMO's YAML reader takes a tab only inside text. Replace it with spaces."
    reporter.error('syntax/tab', origin(tab, tab + 1), message)
    return undefined
  }
  switch (composed.kind) {
    case 'composed':
      return convert(composed.root, text, { written, unfolded: composed.unfolded }, dialect, origin, reporter)
    case 'faults':
      for (const { start, end, message } of syntaxFaults(composed.errors, text, unrepaired))
        reporter.error('syntax/yaml', origin(start, end), message)
      return undefined
    case 'misplaced':
      reporter.error('syntax/yaml', origin(composed.start, composed.end), composed.message)
      return undefined
    case 'second-document':
      reporter.error(
        'syntax/yaml',
        origin(composed.offset, composed.offset + 1),
        'Expected one YAML document, but a second begins here. Remove the "---" line.',
      )
      return undefined
    case 'too-long': {
      const message = `Expected at most ${maximumLexemes} words, signs and line breaks, but here are more. Move data into files.`
      reporter.error('limit/nodes', origin(composed.offset, composed.offset + 1), message)
      return undefined
    }
    case 'too-deep': {
      const message = `Expected at most ${maximumDepth} levels of nesting, but here it goes deeper. Flatten the document.`
      reporter.error('limit/depth', origin(composed.offset, composed.offset + 1), message)
      return undefined
    }
  }
}

/** Offset of the first collection below the limit. Walks with a stack of its own: composing recurses. */
function firstTooDeep(tokens: readonly CST.Token[]): number | undefined {
  const waiting: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }))
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next
    if (depth > maximumDepth) return token.offset
    for (const child of childTokens(token)) waiting.push({ token: child, depth: depth + 1 })
  }
  return undefined
}

function childTokens(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value]
  if (!('items' in token)) return []
  const children: CST.Token[] = []
  for (const item of token.items) {
    if (item.key) children.push(item.key)
    if (item.value) children.push(item.value)
  }
  return children
}

function composeOne(tokens: readonly CST.Token[], source: string, unfolded: ReadonlySet<number>, dialect: Dialect): Composition {
  const composer = new Composer({
    version: dialect.version,
    schema: 'failsafe',
    resolveKnownTags: false,
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    strict: true,
    keepSourceTokens: true,
  })
  const documents = [...composer.compose(tokens, true, source.length)]
  const errors = documents.flatMap((document) => document.errors).filter((error) => !isNoFault(error, source, dialect))
  if (errors.length > 0) return { kind: 'faults', errors }
  // A further "..." ends nothing, and begins no document either.
  const second = documents.slice(1).find(({ contents, directives }) => !isNothing(contents) || directives.docStart === true)
  if (second !== undefined) return { kind: 'second-document', offset: second.range?.[0] ?? 0 }
  return { kind: 'composed', root: (documents[0]?.contents ?? undefined) as ParsedNode | undefined, unfolded }
}

function isNothing(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.source === '')
}

/** Tags are judged later; and PyYAML takes a comment right behind a quote or a bracket, though not behind a block scalar's header. */
function isNoFault({ code, message, pos }: YAMLParseError, source: string, { version }: Dialect): boolean {
  if (code === 'TAG_RESOLVE_FAILED') return message.startsWith('Unresolved tag')
  // Counted in characters where keys are read.
  if (version === '1.1' && code === 'KEY_OVER_1024_CHARS') return true
  const isComment = version === '1.1' && code === 'MISSING_CHAR' && message.startsWith('Comments must be separated')
  return isComment && !/[|>][-+0-9]*$/.test(source.slice(Math.max(0, pos[0] - 3), pos[0]))
}
