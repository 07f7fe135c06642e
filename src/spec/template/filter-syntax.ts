import { noGiven, readAccess, readArguments, readCall } from './access.ts'
import type { ExpressionReader } from './expression-reader.ts'
import { filters } from './filters.ts'
import type { Span } from './limits.ts'
import { readPrimary } from './primary.ts'
import type { Arguments, Expression, FilterExpression } from './syntax.ts'
import { tests } from './tests.ts'
import { SyntaxFailure, type TokenStream } from './token-stream.ts'

/** `|` and `is` behind an expression, and calls of what they give. */
export function readFiltersAndTests(reader: ExpressionReader, first: Expression): Expression {
  const { stream } = reader
  let node = first
  for (;;) {
    if (stream.skipOperator('|')) node = readFilter(reader, node)
    else if (stream.isWord('is')) node = readTest(reader, node)
    else if (stream.isOperator('(')) node = readCall(reader, node)
    else return node
  }
}

/** Any number of `|`; what stands before the first may be the text of a block. */
export function readFilters(reader: ExpressionReader, target: Expression | undefined): Expression | undefined {
  let node = target
  while (reader.stream.skipOperator('|')) node = readFilter(reader, node)
  return node
}

/** Behind the `|`. */
export function readFilter(reader: ExpressionReader, target: Expression | undefined): Expression {
  const { stream } = reader
  const { name, nameSpan } = readDottedName(stream, 'the name of a filter')
  check(reader, filters, name, nameSpan)
  const given = stream.isOperator('(') ? readArguments(reader) : noGiven
  const filter: FilterExpression = { kind: 'filter', target, name, given, nameSpan }
  return { ...filter, start: target?.start ?? nameSpan.start, end: stream.previousEnd }
}

function readTest(reader: ExpressionReader, target: Expression): Expression {
  const { stream } = reader
  stream.next()
  const negated = stream.skipWord('not')
  const { name, nameSpan } = readDottedName(stream, 'the name of a test')
  check(reader, tests, name, nameSpan)
  const given = readTestArguments(reader)
  const spans = { start: target.start, end: stream.previousEnd }
  const test: Expression = { kind: 'test', target, name, given, nameSpan, ...spans }
  return negated ? { kind: 'unary', operator: 'not', operand: test, ...spans } : test
}

/** `x is divisibleby 3` and `x is divisibleby(3)` are the same. */
function readTestArguments(reader: ExpressionReader): Arguments {
  const { stream } = reader
  if (stream.isOperator('(')) return readArguments(reader)
  if (!beginsArgument(stream)) return noGiven
  if (stream.isWord('is')) throw new SyntaxFailure('Expected one test, and "is" stands twice. Write "x is a and x is b".', stream.current)
  return { ...noGiven, positional: [readAccess(reader, readPrimary(reader))] }
}

function beginsArgument({ current: { kind, text } }: TokenStream): boolean {
  if (kind === 'name') return !['else', 'or', 'and'].includes(text)
  if (kind === 'operator') return text === '[' || text === '{'
  return kind === 'string' || kind === 'integer' || kind === 'float'
}

function check(reader: ExpressionReader, registry: Pick<typeof filters, 'has' | 'unknown'>, name: string, at: Span): void {
  if (!registry.has(name) && reader.lookUp === 'when-read') reader.unknownNames.push({ ...registry.unknown(name), ...at })
}

function readDottedName(stream: TokenStream, what: string): { readonly name: string; readonly nameSpan: Span } {
  const { start } = stream.current
  let name = stream.expectName(what).text
  while (stream.skipOperator('.')) name += `.${stream.expectName(what).text}`
  return { name, nameSpan: { start, end: stream.previousEnd } }
}
