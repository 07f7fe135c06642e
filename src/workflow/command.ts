import type { Paragraph, PhrasingContent, Root } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'

/** What a line beginning with `/osmo` asks for. Names are as typed: whether there is such a spec, only the repository knows. */
export type Command =
  | { readonly kind: 'run'; readonly spec: string; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: 'rerun'; readonly target: RerunTarget }
  | { readonly kind: 'cancel'; readonly target: { readonly kind: 'all' } | NamedTarget }
  | { readonly kind: 'status' }
  | { readonly kind: 'help' }

export type RerunTarget =
  /** Only what failed; everything when nothing did. */
  { readonly kind: 'failed-or-all' } | { readonly kind: 'all' } | { readonly kind: 'failed' } | NamedTarget
/** `NAME` or `NAME/TASK`; since names may have slashes themselves, `findTarget` tells them apart. */
export type NamedTarget = { readonly kind: 'named'; readonly path: string }

export type CommandError =
  | { readonly kind: 'unknown-verb'; readonly word: string; readonly suggestion: string | undefined }
  | { readonly kind: 'unavailable-verb'; readonly verb: string }
  | { readonly kind: 'missing-name'; readonly verb: string }
  | { readonly kind: 'unexpected-word'; readonly verb: string; readonly word: string; readonly suggestion: string | undefined }
  | { readonly kind: 'takes-no-values'; readonly verb: string; readonly key: string }
  | { readonly kind: 'bad-key'; readonly key: string }
  | { readonly kind: 'duplicate-key'; readonly key: string }
  | { readonly kind: 'unclosed-quote'; readonly text: string }
  | { readonly kind: 'text-after-quote'; readonly text: string }
  | { readonly kind: 'word-too-long'; readonly word: string }
  | { readonly kind: 'formatted'; readonly line: string }
  | { readonly kind: 'paragraph-too-long' }
  | { readonly kind: 'too-many-commands'; readonly count: number }
  | { readonly kind: 'comment-too-long'; readonly length: number }

export const maxCommands = 8
/** GitHub's documented ceiling for a comment, in UTF-16 units. */
const maxCommentLength = 65_536
const maxWordLength = 1024

/**
 * Reads a comment as Markdown and returns what its command lines ask for, in order.
 * A command is a line of a top-level paragraph that starts with `/osmo` after at most three spaces; what stands in quotes, code,
 * HTML, lists, headings or links is somebody's text and never fires. With more than 8 command lines none counts.
 */
export function parseCommands(comment: string): readonly (Command | CommandError)[] {
  return parseLines(comment, commandLines)
}

/** Of an edited comment: the command lines that were not there before. A repeated line counts as often as it was added. */
export function commandsAddedByEdit(before: string, after: string): readonly (Command | CommandError)[] {
  return parseLines(after, (text) => added(commandLines(before.slice(0, maxCommentLength)), commandLines(text)))
}

/** Splits `NAME/TASK` by the specs that exist: the longest spec name wins. Undefined when no spec fits. */
export function findTarget(
  path: string,
  specs: readonly string[],
): { readonly spec: string; readonly task: string | undefined } | undefined {
  const fitting = specs.filter((spec) => path === spec || path.startsWith(`${spec}/`))
  const spec = fitting.toSorted((one, other) => other.length - one.length)[0]
  if (spec === undefined) return undefined
  return { spec, task: path === spec ? undefined : path.slice(spec.length + 1) }
}

export const isCommandError = (parsed: Command | CommandError): parsed is CommandError => !verbs.has(parsed.kind)

/** One line for the reply: what was expected, what came, what to do. What people typed is in code spans, so that it renders as nothing else. */
export function explainCommandError(error: CommandError): string {
  switch (error.kind) {
    case 'unknown-verb':
      return `I do not know ${quoted(error.word)}.${didYouMean(error.suggestion)} \`/osmo help\` lists what I know.`
    case 'unavailable-verb':
      return `\`/osmo ${error.verb}\` is not available in this version, so nothing was done. \`/osmo help\` lists what is.`
    case 'missing-name':
      return `\`/osmo ${error.verb}\` needs the name of a spec, as in \`/osmo ${error.verb} nav-eval\`.`
    case 'unexpected-word':
      return `\`/osmo ${error.verb}\` does not take ${quoted(error.word)} there.${didYouMean(error.suggestion)}`
    case 'takes-no-values':
      return `\`/osmo ${error.verb}\` takes no values, but got ${quoted(error.key)}. Values go with \`/osmo run NAME key=value\`.`
    case 'bad-key':
      return `${quoted(error.key)} is not a name for a value: letters, digits, \`_\`, \`-\` and \`.\`, at most 64, beginning with a letter or \`_\`.`
    case 'duplicate-key':
      return `${quoted(error.key)} is given twice. Keep one.`
    case 'unclosed-quote':
      return `The quote that begins at ${quoted(error.text)} is never closed on its line.`
    case 'text-after-quote':
      return `After a closing quote a space was expected, but came ${quoted(error.text)}.`
    case 'word-too-long':
      return `A word may have at most ${maxWordLength} characters; this one begins with ${quoted(error.word)}.`
    case 'formatted':
      return `A command must be plain text; this line has Markdown in it: ${quoted(error.line)}. Put values with \`*\`, \`_\` or \`<\` elsewhere or write them without.`
    case 'paragraph-too-long':
      return `A command must not be part of a paragraph of more than ${maxParagraphLength} characters. Put an empty line before and after it.`
    case 'too-many-commands':
      return `A comment may have at most ${maxCommands} command lines, this one has ${error.count}. None was run.`
    case 'comment-too-long':
      return `A comment with commands may have at most ${maxCommentLength} characters, this one has ${error.length}. None was run.`
    default:
      return error satisfies never
  }
}

function parseLines(comment: string, linesOf: (comment: string) => readonly CommandLine[]): readonly (Command | CommandError)[] {
  if (!mention.test(comment)) return []
  if (comment.length > maxCommentLength) return [{ kind: 'comment-too-long', length: comment.length }]
  const lines = linesOf(comment)
  if (lines.length > maxCommands) return [{ kind: 'too-many-commands', count: lines.length }]
  return lines.map(parseLine)
}

/** Looked for before Markdown is parsed, since most comments are not for us. */
const mention = /(?:^|[\r\n]) {0,3}\/osmo(?=[ \t\r\n]|$)/

// ------------------------------------------------------------------- Markdown

type CommandLine = { readonly text: string; readonly style: 'plain' | 'formatted' | 'buried' }

function commandLines(comment: string): readonly CommandLine[] {
  const lines: CommandLine[] = []
  const enclosing = createEnclosing()
  for (const node of blocks(comment).children) {
    if (node.type === 'paragraph' && enclosing.isNone()) lines.push(...linesOfParagraph(textOf(node, comment)))
    enclosing.follow(node, comment)
  }
  return lines
}

/**
 * Blocks only: inline marks are read paragraph by paragraph, and deep nesting is cut off, since a Markdown parser takes
 * the square of a hostile text's length for either (75 s for 64 KiB of `1. `).
 */
function blocks(comment: string): Root {
  return fromMarkdown(comment.replace(nesting, flattened), { extensions: [{ disable: { null: inlineConstructs } }] })
}

const inlineConstructs =
  'attention autolink characterEscape characterReference codeText hardBreakEscape htmlText labelEnd labelStartImage labelStartLink'.split(
    ' ',
  )
const nesting = /^(?:[ \t>]|[-+*][ \t]|[0-9]{1,9}[.)][ \t]){24,}(?=[^ \t\r\n])/gm
const flattened = (marks: string) => `${marks.slice(0, 24)}${'x'.repeat(marks.length - 24)}`

/** With the indentation of its first line, which the node's own position leaves out. */
function textOf(paragraph: Paragraph, comment: string): string {
  const start = paragraph.position?.start.offset ?? 0
  const indentation = /[ \t]*$/.exec(comment.slice(Math.max(0, start - 8), start))?.[0].length ?? 0
  return comment.slice(start - indentation, paragraph.position?.end.offset ?? 0)
}

const maxParagraphLength = 4096

function linesOfParagraph(text: string): readonly CommandLine[] {
  if (!mention.test(text)) return []
  if (text.length > maxParagraphLength) return [{ text, style: 'buried' }]
  const children = inlineNodes(text)
  return [...text.matchAll(/[^\r\n]+/g)].flatMap((line) => commandLine(line[0], line.index, children) ?? [])
}

/** Emphasis decides nothing here: `*` and `_` are text. */
function inlineNodes(text: string): readonly PhrasingContent[] {
  const [paragraph] = fromMarkdown(text, { extensions: [{ disable: { null: ['attention'] } }] }).children
  return paragraph?.type === 'paragraph' ? paragraph.children : []
}

function commandLine(line: string, start: number, nodes: readonly PhrasingContent[]): CommandLine | undefined {
  const indentation = /^( {0,3})\/osmo(?=[ \t]|$)/.exec(line)?.[1]?.length
  if (indentation === undefined) return undefined
  const parts = nodes.filter((node) => startOf(node) < start + line.length && endOf(node) > start + indentation)
  if (parts[0]?.type !== 'text') return undefined
  const lineBreak = parts.find((part) => part.type === 'break')
  const text = line.slice(indentation, lineBreak && startOf(lineBreak) - start).trimEnd()
  return { text, style: parts.every(({ type }) => type === 'text' || type === 'break') ? 'plain' : 'formatted' }
}

const startOf = (node: PhrasingContent) => node.position?.start.offset ?? 0
const endOf = (node: PhrasingContent) => node.position?.end.offset ?? 0

/**
 * Follows HTML elements that are open across blank lines: to Markdown `<details>` and what follows its blank line are unrelated,
 * to the reader they are not. Only elements whose end tag cannot be left out.
 */
function createEnclosing() {
  const open: string[] = []
  return { follow, isNone: () => open.length === 0 }

  function follow(node: Root['children'][number], comment: string): void {
    if (node.type === 'html') scan(node.value)
    else if (node.type === 'paragraph') scan(textOf(node, comment).replace(/`[^`]*`/g, ''))
  }

  function scan(html: string): void {
    for (const [, slash, name = ''] of html.replace(/<!--[\s\S]*?-->/g, '').matchAll(/<(\/?)([a-z]{1,12})\b[^<>]*>/gi))
      turn(slash === '/', name.toLowerCase())
  }

  function turn(closes: boolean, name: string): void {
    if (!enclosingElements.has(name)) return
    if (!closes) open.push(name)
    else if (open.includes(name)) open.length = open.lastIndexOf(name)
  }
}

const enclosingElements = new Set(
  'a blockquote code del details div ol picture pre s script section style table template textarea ul'.split(' '),
)

function added(before: readonly CommandLine[], after: readonly CommandLine[]): readonly CommandLine[] {
  const known = before.map(normalised)
  return after.filter((line) => {
    const index = known.indexOf(normalised(line))
    if (index >= 0) known.splice(index, 1)
    return index < 0
  })
}

const normalised = ({ text }: CommandLine) => text.replace(/[ \t]+/g, ' ')

// -------------------------------------------------------------------- grammar

type Word = { readonly key: string | undefined; readonly value: string }

function parseLine({ text, style }: CommandLine): Command | CommandError {
  if (style === 'buried') return { kind: 'paragraph-too-long' }
  const words = splitWords(text.slice('/osmo'.length))
  if ('kind' in words) return words
  if (style === 'formatted') return { kind: 'formatted', line: text }
  const [verb, ...rest] = words
  if (verb === undefined) return { kind: 'help' }
  const word = verb.key === undefined ? verb.value : `${verb.key}=${verb.value}`
  if (unavailable.has(word)) return { kind: 'unavailable-verb', verb: word }
  const parse = verbs.get(word)
  return parse
    ? parse(rest)
    : { kind: 'unknown-verb', word, suggestion: aliases.get(word.toLowerCase()) ?? nearest(word, [...verbs.keys(), ...unavailable]) }
}

const verbs: ReadonlyMap<string, (words: readonly Word[]) => Command | CommandError> = new Map([
  ['run', parseRun],
  ['rerun', parseRerun],
  ['cancel', parseCancel],
  ['status', (words) => nothingLeft('status', words) ?? { kind: 'status' }],
  ['help', (words) => nothingLeft('help', words) ?? { kind: 'help' }],
])

const unavailable: ReadonlySet<string> = new Set(['approve', 'revoke', 'hold', 'unhold', 'explain', 'accept', 'bench', 'compare', 'bisect'])

/** What people type who come from elsewhere. */
const aliases: ReadonlyMap<string, string> = new Map([
  ['test', 'run'],
  ['start', 'run'],
  ['try', 'run'],
  ['retest', 'rerun'],
  ['retry', 'rerun'],
  ['re-run', 'rerun'],
  ['restart', 'rerun'],
  ['stop', 'cancel'],
  ['abort', 'cancel'],
  ['kill', 'cancel'],
  ['ok-to-test', 'approve'],
])

function parseRun([name, ...rest]: readonly Word[]): Command | CommandError {
  if (name === undefined || name.key !== undefined) return { kind: 'missing-name', verb: 'run' }
  const stray = rest.find(({ key }) => key === undefined)
  if (stray) return { kind: 'unexpected-word', verb: 'run', word: stray.value, suggestion: undefined }
  const values = new Map<string, string>()
  for (const { key = '', value } of rest) {
    if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(key)) return { kind: 'bad-key', key }
    if (values.has(key)) return { kind: 'duplicate-key', key }
    values.set(key, value)
  }
  return { kind: 'run', spec: name.value, values }
}

function parseRerun([target, ...rest]: readonly Word[]): Command | CommandError {
  if (target === undefined) return { kind: 'rerun', target: { kind: 'failed-or-all' } }
  const error = refuseValue('rerun', target) ?? nothingLeft('rerun', rest)
  if (error) return error
  if (target.value === 'all' || target.value === 'failed') return { kind: 'rerun', target: { kind: target.value } }
  return { kind: 'rerun', target: { kind: 'named', path: target.value } }
}

function parseCancel([target, ...rest]: readonly Word[]): Command | CommandError {
  if (target === undefined) return { kind: 'cancel', target: { kind: 'all' } }
  const error = refuseValue('cancel', target) ?? nothingLeft('cancel', rest)
  if (error) return error
  return { kind: 'cancel', target: target.value === 'all' ? { kind: 'all' } : { kind: 'named', path: target.value } }
}

function nothingLeft(verb: string, [word]: readonly Word[]): CommandError | undefined {
  if (word === undefined) return undefined
  return refuseValue(verb, word) ?? { kind: 'unexpected-word', verb, word: word.value, suggestion: undefined }
}

function refuseValue(verb: string, { key }: Word): CommandError | undefined {
  return key === undefined ? undefined : { kind: 'takes-no-values', verb, key }
}

/** `word`, `"a word"`, `key=word`, `key="…"` or `key='…'`; in double quotes `\"` and `\\` stand for themselves. */
function splitWords(text: string): readonly Word[] | CommandError {
  const words: Word[] = []
  let rest = text.trimStart()
  while (rest !== '') {
    const next = nextWord(rest)
    if ('kind' in next) return next
    if (next.word.value.length > maxWordLength) return { kind: 'word-too-long', word: next.word.value.slice(0, 40) }
    words.push(next.word)
    rest = rest.slice(next.length).trimStart()
  }
  return words
}

function nextWord(text: string): { readonly word: Word; readonly length: number } | CommandError {
  const assignment = /^([^\s"'=]+)=/.exec(text)
  const key = assignment?.[1]
  const start = assignment?.[0].length ?? 0
  const quote = text[start]
  if (quote === '"' || quote === "'") return quotedWord(text, key, start, quote)
  const value = /^\S*/.exec(text.slice(start))?.[0] ?? ''
  return { word: { key, value }, length: start + value.length }
}

function quotedWord(text: string, key: string | undefined, start: number, quote: '"' | "'") {
  const pattern = quote === '"' ? /^"((?:[^"\\]|\\.)*)"/ : /^'([^']*)'/
  const found = pattern.exec(text.slice(start))
  if (!found) return { kind: 'unclosed-quote', text: text.slice(start, start + 40) } as const
  const length = start + found[0].length
  if (/^\S/.test(text.slice(length))) return { kind: 'text-after-quote', text: text.slice(length, length + 40) } as const
  const value = quote === '"' ? (found[1] ?? '').replace(/\\(["\\])/g, '$1') : (found[1] ?? '')
  return { word: { key, value }, length }
}

// ---------------------------------------------------------------- suggestions

/** The word at most two edits away, if there is one; for specs that do not exist as well as for verbs. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase().slice(0, 100)
  const ranked = known.map((candidate) => ({ candidate, distance: distance(lower, candidate.toLowerCase().slice(0, 100)) }))
  const best = ranked.toSorted((one, other) => one.distance - other.distance)[0]
  return best && best.distance <= Math.min(2, Math.floor(best.candidate.length / 2)) ? best.candidate : undefined
}

/** Levenshtein's. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...one].entries()) row = nextRow(row, index + 1, letter, other)
  return row.at(-1) ?? 0
}

function nextRow(row: readonly number[], first: number, letter: string, other: string): number[] {
  const next = [first]
  for (let index = 0; index < other.length; index++) {
    const replaced = (row[index] ?? 0) + (other[index] === letter ? 0 : 1)
    next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1))
  }
  return next
}

const didYouMean = (suggestion: string | undefined) => (suggestion === undefined ? '' : ` Did you mean \`${suggestion}\`?`)

/** A code span holds anything but backticks; control characters and long text are cut. */
function quoted(text: string): string {
  const plain = text.replace(/[\p{C}`]/gu, '·')
  return `\`${[...plain].slice(0, 60).join('') || ' '}\``
}
