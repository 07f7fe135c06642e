import {
  Composer,
  CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Scalar as LibraryScalar,
  type ParsedNode,
  Parser,
  type YAMLParseError,
} from 'yaml'
import type { Reporter } from '../reporter.ts'
import type { Range } from '../source-text.ts'
import type { Entry, Scalar, ScalarNode, YamlNode } from './node.ts'
import { indentFlowLines } from './repair.ts'

/** Where a text came from: offsets in it to ranges in the source file. */
export type Origin = (start: number, end: number) => Range

/** What differs between PyYAML's safe loader and YAML 1.2 core. */
export type Dialect = {
  readonly version: '1.1' | '1.2'
  /** `tag` is the full tag, such as `tag:yaml.org,2002:int`, when one was written. */
  scalar(written: WrittenScalar): ScalarResult
  /** Tags that may stand on a collection. */
  readonly collectionTags: readonly string[]
  readonly mergeKeys: 'merged' | 'plain'
  readonly duplicateKeys: 'warning' | 'error'
  readonly tabs: 'refused' | 'allowed'
  /** Lines inside quotes and brackets that are not indented. */
  readonly shallowFlow: 'accepted' | 'refused'
}

export type WrittenScalar = { readonly text: string; readonly style: 'plain' | 'quoted'; readonly tag: string | undefined }
export type ScalarResult = Scalar | { readonly kind: 'fault'; readonly code: string; readonly message: string }

/** Collections within collections. Real specs have about ten. */
export const maximumDepth = 64
/** Nodes of one document with every alias written out. */
export const maximumNodes = 200_000
/** Pieces that the lexer cuts a text into: words, signs, blanks, line breaks. A real spec of 1 MiB has far fewer. */
const maximumLexemes = 800_000
/** Faults of one text: most of those after the first follow from it. */
const maximumSyntaxFaults = 5

/**
 * Loads one YAML document into nodes, or reports every fault and returns undefined. Never throws.
 * An empty document is null, as in PyYAML.
 */
export function loadYaml(text: string, dialect: Dialect, origin: Origin, reporter: Reporter): YamlNode | undefined {
  if (!isWellFormed(text, dialect, origin, reporter)) return undefined
  const composed = composeText(text)
  const repaired = composed.kind === 'faults' && dialect.shallowFlow === 'accepted' ? indentFlowLines(text) : undefined
  if (repaired === undefined) return finish(composed, text, dialect, origin, reporter)
  const place: Origin = (start, end) => origin(repaired.original(start), repaired.original(end))
  return finish(composeText(repaired.text), repaired.text, dialect, place, reporter)

  function composeText(source: string): Composition {
    const tokens = tokenize(source)
    if (!Array.isArray(tokens)) return tokens
    const deep = firstTooDeep(tokens)
    return deep === undefined ? composeOne(tokens, source.length, dialect) : { kind: 'too-deep', offset: deep }
  }
}

type Excess = { readonly kind: 'too-deep' | 'too-long'; readonly offset: number }

/** Feeds the parser piece by piece, so that hostile text ends early. */
function tokenize(text: string): CST.Token[] | Excess {
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
    wasMark = CST.tokenType(lexeme) === 'scalar'
    tokens.push(...parser.next(lexeme))
  }
  tokens.push(...parser.end())
  return tokens
}

type Composition =
  | { readonly kind: 'composed'; readonly root: ParsedNode | undefined }
  | { readonly kind: 'faults'; readonly errors: readonly YAMLParseError[] }
  | { readonly kind: 'second-document'; readonly offset: number }
  | Excess

function finish(composed: Composition, text: string, dialect: Dialect, origin: Origin, reporter: Reporter): YamlNode | undefined {
  switch (composed.kind) {
    case 'composed':
      return convert(composed.root, text, dialect, origin, reporter)
    case 'faults':
      for (const error of composed.errors.slice(0, maximumSyntaxFaults)) reportSyntax(error, origin, reporter)
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

// PyYAML's reader refuses these before it looks at anything else.
const unprintable = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

function isWellFormed(text: string, dialect: Dialect, origin: Origin, reporter: Reporter): boolean {
  const bad = unprintable.exec(text)
  if (bad !== null) {
    const code = bad[0].codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
    const message = `Expected printable text, but there is the character U+${code}. Remove it, or write it as an escape in double quotes.`
    reporter.error('syntax/character', origin(bad.index, bad.index + 1), message)
    return false
  }
  const tab = dialect.tabs === 'refused' && text.includes('\t') ? firstTabBetweenTokens(text) : undefined
  if (tab === undefined) return true
  const message = "Expected a space, but there is a tab: OSMO's YAML reader takes a tab only inside text. Replace it with spaces."
  reporter.error('syntax/tab', origin(tab, tab + 1), message)
  return false
}

/** PyYAML skips only spaces between tokens and ends a plain scalar at a tab, which then starts no token. */
function firstTabBetweenTokens(text: string): number | undefined {
  let offset = 0
  let next: 'token' | 'scalar' | 'block' = 'token'
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme)
    if (type === 'scalar') {
      // The mark that announces a scalar has no place in the text. The block scalar's header stands before it.
      if (next !== 'block') next = 'scalar'
      continue
    }
    if (type === 'doc-mode' || type === 'flow-error-end' || type === 'byte-order-mark') continue
    const tab = lexeme.indexOf('\t')
    if (tab !== -1 && isRefusedTab(type, next, lexeme)) return offset + tab
    offset += lexeme.length
    if (type === 'block-scalar-header') next = 'block'
    else if (next === 'scalar' || (next === 'block' && isBlockBody(type))) next = 'token'
  }
  return undefined
}

function isRefusedTab(type: ReturnType<typeof CST.tokenType>, next: 'token' | 'scalar' | 'block', lexeme: string): boolean {
  if (type === 'comment' || next === 'block') return false
  if (next === 'scalar') return lexeme[0] !== '"' && lexeme[0] !== "'"
  return type === 'space' || type === 'newline'
}

function isBlockBody(type: ReturnType<typeof CST.tokenType>): boolean {
  return type !== 'space' && type !== 'comment' && type !== 'newline'
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

function composeOne(tokens: readonly CST.Token[], length: number, dialect: Dialect): Composition {
  const composer = new Composer({
    version: dialect.version,
    schema: 'failsafe',
    resolveKnownTags: false,
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    strict: true,
  })
  const documents = [...composer.compose(tokens, true, length)]
  const errors = documents.flatMap((document) => document.errors).filter((error) => error.code !== 'TAG_RESOLVE_FAILED')
  if (errors.length > 0) return { kind: 'faults', errors }
  const second = documents[1]
  if (second !== undefined) return { kind: 'second-document', offset: second.range?.[0] ?? 0 }
  return { kind: 'composed', root: (documents[0]?.contents ?? undefined) as ParsedNode | undefined }
}

function reportSyntax(error: YAMLParseError, origin: Origin, reporter: Reporter) {
  const [start, end] = error.pos
  const hint = hints[error.code] ?? 'Correct the YAML here.'
  reporter.error(
    'syntax/yaml',
    origin(start, Math.max(end, start + 1)),
    `Expected valid YAML: ${error.message.replace(/\.?$/, '.')} ${hint}`,
  )
}

const hints: Partial<Record<YAMLParseError['code'], string>> = {
  BAD_INDENT: 'Check the indentation of this line and of the one above.',
  MISSING_CHAR: 'Close the quote, bracket or brace, or add what is missing.',
  TAB_AS_INDENT: 'Indent with spaces.',
  BLOCK_AS_IMPLICIT_KEY: 'Put text that contains ": " into quotes, or the mapping onto a new line.',
  BAD_SCALAR_START: 'Put the text into quotes.',
  MULTILINE_IMPLICIT_KEY: 'A key and its colon stand on one line.',
  IMPOSSIBLE: 'Split the document.',
}

function convert(root: ParsedNode | undefined, source: string, dialect: Dialect, origin: Origin, reporter: Reporter): YamlNode | undefined {
  const converter = createConverter(source, dialect, origin, reporter)
  if (root === undefined) return { kind: 'null', text: '', range: origin(0, 0), size: 1 }
  const node = converter.node(root)
  if (node === undefined) return undefined
  if (node.size <= maximumNodes) return node
  const message = `Expected at most ${maximumNodes} values with all aliases written out, but there are ${formatCount(node.size)}. Remove aliases or values.`
  reporter.error('limit/nodes', { start: node.range.start, end: node.range.start + 1 }, message)
  return undefined
}

function formatCount(count: number): string {
  return count < 1e15 ? String(count) : count.toExponential(1)
}

/** Turns the library's nodes into ours. Each method returns undefined after it has reported why. */
function createConverter(source: string, dialect: Dialect, origin: Origin, reporter: Reporter) {
  const anchors = new Map<string, YamlNode | 'open'>()
  let mergeBudget = maximumNodes

  return { node }

  function node(parsed: ParsedNode): YamlNode | undefined {
    if (isAlias(parsed)) return alias(parsed.source, range(parsed))
    const anchor = 'anchor' in parsed ? parsed.anchor : undefined
    if (anchor !== undefined && !declareAnchor(anchor, range(parsed))) return undefined
    const converted = isScalar(parsed) ? scalar(parsed) : collection(parsed)
    if (anchor !== undefined && converted !== undefined) anchors.set(anchor, converted)
    return converted
  }

  function range(parsed: ParsedNode): Range {
    const [start, end] = parsed.range
    return origin(start, end)
  }

  function fail(code: string, at: Range, message: string): undefined {
    reporter.error(code, at, message)
  }

  function declareAnchor(anchor: string, at: Range): boolean {
    if (anchors.has(anchor) && dialect.version === '1.1') {
      fail('syntax/anchor', at, `Expected each anchor once, but "&${anchor}" stands here a second time. Rename one.`)
      return false
    }
    anchors.set(anchor, 'open')
    return true
  }

  function alias(name: string, at: Range): YamlNode | undefined {
    const target = anchors.get(name)
    if (target === undefined)
      return fail(
        'syntax/alias',
        at,
        `Expected an anchor "&${name}" above this alias, but there is none. Add it, or put the text in quotes.`,
      )
    if (target === 'open') return fail('syntax/alias', at, `The alias "*${name}" stands inside its own anchor. Write the value out.`)
    return target
  }

  function scalar(parsed: ParsedNode): ScalarNode | undefined {
    if (!isScalar(parsed)) return undefined
    const style = parsed.type === 'PLAIN' || parsed.type === undefined || parsed.type === null ? 'plain' : 'quoted'
    const text = scalarText(parsed, source)
    const result = dialect.scalar({ text, style, tag: parsed.tag })
    if (result.kind === 'fault') return fail(result.code, range(parsed), result.message)
    return { ...result, text, range: range(parsed), size: 1 }
  }

  function collection(parsed: ParsedNode): YamlNode | undefined {
    if (parsed.tag !== undefined && !dialect.collectionTags.includes(parsed.tag)) {
      return fail('syntax/tag', range(parsed), `The tag "${parsed.tag}" is not known here. Remove it.`)
    }
    if (isSeq(parsed)) return sequence(parsed.items as ParsedNode[], range(parsed))
    if (isMap(parsed)) return mapping(parsed, range(parsed))
    return undefined
  }

  function sequence(parsed: readonly ParsedNode[], at: Range): YamlNode | undefined {
    const items = parsed.map(node)
    if (!items.every((item) => item !== undefined)) return undefined
    return { kind: 'sequence', items, range: at, size: totalSize(items) }
  }

  function mapping(parsed: Extract<ParsedNode, { items: unknown }>, at: Range): YamlNode | undefined {
    const own: Entry[] = []
    const merged: Entry[] = []
    let complete = true
    for (const pair of parsed.items as { key: ParsedNode; value: ParsedNode | null }[]) {
      const key = mappingKey(pair.key)
      const value = pair.value === null ? emptyValue(pair.key) : node(pair.value)
      if (key === undefined || value === undefined) complete = false
      else if (isMergeKey(pair.key)) complete = mergeInto(merged, value, at) && complete
      else own.push({ key, value })
    }
    if (!complete) return undefined
    const entries = withoutDuplicates(merged, own)
    return { kind: 'mapping', entries, range: at, size: totalSize(entries.map((entry) => entry.value)) + entries.length }
  }

  function mappingKey(parsed: ParsedNode): ScalarNode | undefined {
    // In PyYAML a lone `=` is an error as a value and a word as a key.
    if (isScalar(parsed) && (parsed.value === '=' || isMergeKey(parsed)) && parsed.tag === undefined) {
      return { kind: 'string', value: String(parsed.value), text: String(parsed.value), range: range(parsed), size: 1 }
    }
    if (dialect.version === '1.1' && isScalar(parsed) && parsed.value === '' && parsed.type === 'PLAIN' && parsed.tag === undefined) {
      return fail('syntax/key', range(parsed), 'Expected a key before the colon, but there is nothing. Write one.')
    }
    const key = node(parsed)
    if (key === undefined || (key.kind !== 'mapping' && key.kind !== 'sequence')) return key
    return fail(
      'syntax/key',
      key.range,
      'Expected a word as key, but it is a list or a mapping. If it is text with braces, put it in quotes.',
    )
  }

  function emptyValue(key: ParsedNode): ScalarNode {
    const end = key.range[1]
    return { kind: 'null', text: '', range: origin(end, end), size: 1 }
  }

  function isMergeKey(key: ParsedNode): boolean {
    return dialect.mergeKeys === 'merged' && isScalar(key) && key.type === 'PLAIN' && key.value === '<<' && key.tag === undefined
  }

  /** Of several mappings the first named wins, so they are added from the last to the first. */
  function mergeInto(merged: Entry[], value: YamlNode, at: Range): boolean {
    const sources = value.kind === 'sequence' ? [...value.items].reverse() : [value]
    for (const source of sources) {
      if (source.kind !== 'mapping') {
        fail('syntax/merge', source.range, 'Expected a mapping, or a list of mappings, behind "<<". Point it at an anchor of a mapping.')
        return false
      }
      mergeBudget -= source.entries.length
      if (mergeBudget < 0) {
        fail('limit/nodes', at, `Expected "<<" to bring in at most ${maximumNodes} entries in one file. Remove some.`)
        return false
      }
      merged.push(...source.entries)
    }
    return true
  }

  /** The last value wins, below the first key and at its place, as in a Python dict. */
  function withoutDuplicates(merged: readonly Entry[], own: readonly Entry[]): readonly Entry[] {
    const entries = new Map<string, Entry>()
    for (const entry of merged) entries.set(identity(entry.key), entry)
    const seen = new Set<string>()
    for (const entry of own) {
      const id = identity(entry.key)
      if (seen.has(id)) reportDuplicate(entry.key)
      seen.add(id)
      entries.set(id, { key: entries.get(id)?.key ?? entry.key, value: entry.value })
    }
    return [...entries.values()]
  }

  function reportDuplicate(key: ScalarNode) {
    if (dialect.duplicateKeys === 'error') {
      reporter.error('syntax/duplicate-key', key.range, `Expected each key once, but "${key.text}" stands here a second time. Remove one.`)
    } else {
      reporter.warning(
        'syntax/duplicate-key',
        key.range,
        `The key "${key.text}" stands here a second time; OSMO takes the last. Remove one.`,
      )
    }
  }
}

/** A block scalar whose last line the text's end cuts off has no last line break in PyYAML; the library adds one. */
function scalarText(parsed: LibraryScalar.Parsed, source: string): string {
  const text = typeof parsed.value === 'string' ? parsed.value : ''
  const isBlock = parsed.type === 'BLOCK_LITERAL' || parsed.type === 'BLOCK_FOLDED'
  const cutOff = isBlock && parsed.range[1] >= source.length && /[^\s][^\n]*$/.test(source.slice(source.lastIndexOf('\n') + 1))
  return cutOff && text.endsWith('\n') ? text.slice(0, -1) : text
}

function totalSize(nodes: readonly YamlNode[]): number {
  return nodes.reduce((sum, child) => sum + child.size, 1)
}

/** Keys that Python's dict holds to be equal: `1`, `1.0` and `true` are one key, `"1"` is another. */
function identity(key: ScalarNode): string {
  switch (key.kind) {
    case 'string':
      return `s${key.value}`
    case 'integer':
      return `n${key.value}`
    case 'float':
      return `n${Number.isInteger(key.value) ? BigInt(key.value) : key.value}`
    case 'boolean':
      return `n${key.value ? 1 : 0}`
    case 'null':
      return 'null'
    case 'date':
      return `d${key.text}`
  }
}
