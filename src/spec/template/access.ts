import { type ExpressionReader, readList, spanOf } from './expression-reader.ts'
import { parseIntegerLiteral } from './literals.ts'
import type { Arguments, Expression } from './syntax.ts'
import { SyntaxFailure, type TokenStream } from './token-stream.ts'

/** Attributes, subscripts and calls behind an expression. */
export function readAccess(reader: ExpressionReader, first: Expression): Expression {
  const { stream } = reader
  let node = first
  for (;;) {
    if (stream.isOperator('.')) node = readAttribute(stream, node)
    else if (stream.isOperator('[')) node = readSubscript(reader, node)
    else if (stream.isOperator('(')) node = readCall(reader, node)
    else return node
  }
}

/** `x.0` is `x[0]`. */
function readAttribute(stream: TokenStream, target: Expression): Expression {
  stream.next()
  const token = stream.current
  if (token.kind === 'name') {
    stream.next()
    return { kind: 'attribute', target, name: token.text, start: target.start, end: token.end }
  }
  if (token.kind !== 'integer') stream.fail('a name or a number behind "."')
  stream.next()
  const index: Expression = { kind: 'literal', value: parseIntegerLiteral(token.text, token), ...spanOf(token) }
  return { kind: 'item', target, index, start: target.start, end: token.end }
}

function readSubscript(reader: ExpressionReader, target: Expression): Expression {
  const { stream } = reader
  const { start } = stream.next()
  if (stream.isOperator(']')) stream.fail('an index')
  const parts: Expression[] = []
  do parts.push(readIndex(reader))
  while (stream.skipOperator(','))
  stream.expectOperator(']')
  const only = parts[0]
  const end = stream.previousEnd
  const index: Expression = parts.length === 1 && only !== undefined ? only : { kind: 'tuple', items: parts, start, end }
  return { kind: 'item', target, index, start: target.start, end }
}

function readIndex(reader: ExpressionReader): Expression {
  const { stream } = reader
  const { start } = stream.current
  const from = stream.isOperator(':') ? undefined : reader.expression()
  if (from !== undefined && !stream.isOperator(':')) return from
  stream.next()
  const to = readSliceBound(reader)
  const step = stream.skipOperator(':') ? readSliceBound(reader) : undefined
  return { kind: 'slice', from, to, step, start, end: stream.previousEnd }
}

function readSliceBound(reader: ExpressionReader): Expression | undefined {
  const { stream } = reader
  const absent = stream.isOperator(':') || stream.isOperator(']') || stream.isOperator(',')
  return absent ? undefined : reader.expression()
}

export function readCall(reader: ExpressionReader, target: Expression): Expression {
  const given = readArguments(reader)
  return { kind: 'call', target, given, start: target.start, end: reader.stream.previousEnd }
}

export const noGiven: Arguments = { positional: [], named: [], spread: undefined, spreadNamed: undefined }

type Draft = { positional: Expression[]; named: (readonly [string, Expression])[]; spread?: Expression; spreadNamed?: Expression }

export function readArguments(reader: ExpressionReader): Arguments {
  reader.stream.expectOperator('(')
  const draft: Draft = { positional: [], named: [] }
  readList(reader.stream, ')', () => readArgument(reader, draft))
  return { spread: undefined, spreadNamed: undefined, ...draft }
}

/** Positional ones, then those with names and `*`, `**` last. */
function readArgument(reader: ExpressionReader, draft: Draft): void {
  const { stream } = reader
  const mayBeSpread = draft.spread === undefined && draft.spreadNamed === undefined
  if (stream.isOperator('*') && mayBeSpread) draft.spread = readSpread(reader)
  else if (stream.isOperator('**') && draft.spreadNamed === undefined) draft.spreadNamed = readSpread(reader)
  else if (isNamed(stream) && draft.spreadNamed === undefined) draft.named.push(readNamed(reader, draft))
  else if (draft.named.length === 0 && mayBeSpread) draft.positional.push(reader.expression())
  else stream.fail('arguments without a name before those with one')
}

function isNamed({ current, following }: TokenStream): boolean {
  return current.kind === 'name' && following.kind === 'operator' && following.text === '='
}

function readNamed(reader: ExpressionReader, { named }: Draft): readonly [string, Expression] {
  const token = reader.stream.next()
  const { text } = token
  if (named.some(([name]) => name === text))
    throw new SyntaxFailure(`Expected each argument once, and "${text}" is there twice. Remove one.`, token)
  reader.stream.next()
  return [text, reader.expression()]
}

function readSpread(reader: ExpressionReader): Expression {
  reader.stream.next()
  return reader.expression()
}
