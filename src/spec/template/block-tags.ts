import { readFilter, readFilters } from './filter-syntax.ts'
import type { Body, Expression, ForStatement, IfStatement, Statement, Target } from './syntax.ts'
import { noTarget, nothing, type Opening, openTag, type TagReader } from './tag-reader.ts'
import { readTarget } from './targets.ts'
import { SyntaxFailure } from './token-stream.ts'

export function readIf(parser: TagReader, start: number): Statement {
  const { stream, expressions } = parser
  const { lookUp } = expressions
  const opening = { name: 'if', start, end: stream.current.end }
  const branches: { test: Expression; body: Body }[] = []
  do {
    expressions.lookUp = 'when-used'
    stream.next()
    const test = parser.header(() => expressions.tuple('without-conditional'), nothing)
    branches.push({ test, body: parser.body(['elif', 'else', 'endif'], opening) })
  } while (stream.isWord('elif'))
  const otherwise = readOtherwise(parser, 'endif', opening)
  expressions.lookUp = lookUp
  const statement: IfStatement = { kind: 'if', branches, otherwise }
  return { ...statement, start, end: parser.close() }
}

export function readFor(parser: TagReader, start: number): Statement {
  const opening = openTag(parser, 'for', start)
  const fallback = { target: noTarget, iterable: nothing, filter: undefined, recursion: 'plain' as const }
  parser.expressions.openLoops++
  const head = parser.header(() => readForHead(parser), fallback)
  const body = parser.body(['else', 'endfor'], opening)
  const otherwise = readOtherwise(parser, 'endfor', opening)
  parser.expressions.openLoops--
  const statement: ForStatement = { kind: 'for', ...head, body, otherwise }
  return { ...statement, start, end: parser.close() }
}

function readForHead({ stream, expressions }: TagReader): Pick<ForStatement, 'target' | 'iterable' | 'filter' | 'recursion'> {
  const target = readTarget(expressions, 'plain')
  stream.expectWord('in')
  const iterable = expressions.tuple('without-conditional')
  const filter = stream.skipWord('if') ? expressions.inside(() => expressions.expression()) : undefined
  return { target, iterable, filter, recursion: stream.skipWord('recursive') ? 'recursive' : 'plain' }
}

function readOtherwise(parser: TagReader, closer: string, opening: Opening): Body {
  if (!parser.stream.isWord('else')) return []
  parser.stream.next()
  parser.header(() => undefined, undefined)
  return parser.body([closer], opening)
}

export function readSet(parser: TagReader, start: number): Statement {
  const opening = openTag(parser, 'set', start)
  const head = parser.header(() => readSetHead(parser), { target: noTarget, value: nothing, filter: undefined })
  if (head.value !== undefined) return { kind: 'set', target: head.target, value: head.value, start, end: parser.stream.previousEnd }
  const body = parser.body(['endset'], opening)
  return { kind: 'set-block', target: head.target, filter: head.filter, body, start, end: parser.close() }
}

function readSetHead({ stream, expressions }: TagReader): {
  target: Target
  value: Expression | undefined
  filter: Expression | undefined
} {
  const target = readTarget(expressions, 'any')
  if (stream.skipOperator('=')) return { target, value: expressions.tuple(), filter: undefined }
  return { target, value: undefined, filter: expressions.inside(() => readFilters(expressions, undefined)) }
}

export function readFilterBlock(parser: TagReader, start: number): Statement {
  const { expressions } = parser
  const opening = openTag(parser, 'filter', start)
  const filter = parser.header(
    () => expressions.inside(() => readFilters(expressions, readFilter(expressions, undefined)) ?? nothing),
    nothing,
  )
  const body = parser.body(['endfilter'], opening)
  return { kind: 'filter-block', filter, body, start, end: parser.close() }
}

export function readWith(parser: TagReader, start: number): Statement {
  const opening = openTag(parser, 'with', start)
  const bindings = parser.header(() => readBindings(parser), [])
  const body = parser.body(['endwith'], opening)
  return { kind: 'with', bindings, body, start, end: parser.close() }
}

function readBindings({ stream, expressions }: TagReader): (readonly [Target, Expression])[] {
  const bindings: (readonly [Target, Expression])[] = []
  while (stream.current.kind !== 'block-end') {
    if (bindings.length > 0) stream.expectOperator(',')
    const target = readTarget(expressions, 'parameter')
    stream.expectOperator('=')
    bindings.push([target, expressions.expression()])
  }
  return bindings
}

export function readAutoescape(parser: TagReader, start: number): Statement {
  const opening = openTag(parser, 'autoescape', start)
  const enabled = parser.header(() => parser.expressions.inside(() => parser.expressions.expression()), nothing)
  const body = parser.body(['endautoescape'], opening)
  return { kind: 'autoescape', enabled, body, start, end: parser.close() }
}

export function readBlock(parser: TagReader, start: number): Statement {
  const opening = openTag(parser, 'block', start)
  const head = parser.header(() => readBlockHead(parser), { name: '', scoped: 'unscoped' as const })
  const body = parser.body(['endblock'], opening)
  return { kind: 'block', ...head, body, start, end: parser.close(head.name) }
}

function readBlockHead({ stream, blocks }: TagReader): { name: string; scoped: 'scoped' | 'unscoped' } {
  const token = stream.expectName('the name of the block')
  if (blocks.has(token.text)) throw new SyntaxFailure(`Expected each block once, and "${token.text}" is there twice. Rename one.`, token)
  blocks.add(token.text)
  const scoped = stream.skipWord('scoped') ? 'scoped' : 'unscoped'
  if (stream.isWord('required')) stream.fail('a block without "required", which needs {% extends %}')
  return { name: token.text, scoped }
}

/** `{% print a, b %}` prints both, without anything between. */
export function readPrintTag(parser: TagReader, start: number): Statement {
  parser.stream.next()
  const parts = parser.header(() => readPrinted(parser), [nothing])
  const end = parser.stream.previousEnd
  const value: Expression = parts.length === 1 ? (parts[0] ?? nothing) : { kind: 'concat', parts, start, end }
  return { kind: 'print', value, start, end }
}

function readPrinted({ stream, expressions }: TagReader): Expression[] {
  const parts: Expression[] = []
  while (stream.current.kind !== 'block-end') {
    if (parts.length > 0) stream.expectOperator(',')
    parts.push(expressions.expression())
  }
  return parts.length === 0 ? stream.fail('an expression') : parts
}
