import { constants } from './constants.ts'
import { type ExpressionReader, readList, spanOf } from './expression-reader.ts'
import { parseFloatLiteral, parseIntegerLiteral } from './literals.ts'
import type { Expression } from './syntax.ts'
import { SyntaxFailure, type TokenStream } from './token-stream.ts'

/** A name, a literal, or something in brackets. */
export function readPrimary(reader: ExpressionReader): Expression {
  const { stream } = reader
  const token = stream.current
  switch (token.kind) {
    case 'name':
      return readName(reader)
    case 'string':
      return readString(stream)
    case 'integer':
      stream.next()
      return { kind: 'literal', value: parseIntegerLiteral(token.text, token), ...spanOf(token) }
    case 'float':
      stream.next()
      return { kind: 'literal', value: parseFloatLiteral(token.text), ...spanOf(token) }
    default:
      return readBracketed(reader)
  }
}

function readName(reader: ExpressionReader): Expression {
  const token = reader.stream.next()
  const constant = constants.get(token.text)
  if (constant !== undefined) return { kind: 'literal', value: constant, ...spanOf(token) }
  reader.mention(token.text)
  return { kind: 'name', name: token.text, ...spanOf(token) }
}

/** Strings side by side are one. */
function readString(stream: TokenStream): Expression {
  const { start } = stream.current
  const parts: string[] = []
  while (stream.current.kind === 'string') parts.push(stream.next().text)
  return { kind: 'literal', value: parts.join(''), start, end: stream.previousEnd }
}

function readBracketed(reader: ExpressionReader): Expression {
  const { stream } = reader
  const { start } = stream.current
  if (stream.skipOperator('(')) return readParentheses(reader, start)
  if (stream.skipOperator('[')) {
    const items = readList(stream, ']', () => reader.expression())
    return { kind: 'list', items, start, end: stream.previousEnd }
  }
  if (stream.skipOperator('{')) {
    const pairs = readList(stream, '}', () => readPair(reader))
    return { kind: 'dict', pairs, start, end: stream.previousEnd }
  }
  return failWithoutExpression(stream)
}

function readParentheses(reader: ExpressionReader, start: number): Expression {
  const { stream } = reader
  const inner: Expression = stream.isOperator(')') ? { kind: 'tuple', items: [], start, end: start } : reader.tuple()
  stream.expectOperator(')')
  return { ...inner, start, end: stream.previousEnd }
}

function readPair(reader: ExpressionReader): readonly [Expression, Expression] {
  const key = reader.expression()
  reader.stream.expectOperator(':')
  return [key, reader.expression()]
}

function failWithoutExpression(stream: TokenStream): never {
  const token = stream.current
  if (token.kind !== 'print-end' || !stream.isTagEmpty) return stream.fail('an expression')
  throw new SyntaxFailure(
    'Expected an expression between "{{" and "}}", and there is none. Write one, or {% raw %} around text with braces.',
    token,
  )
}
