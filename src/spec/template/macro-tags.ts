import type { Body, Expression, MacroSignature, Statement } from './syntax.ts'
import { nothing, type Opening, openTag, type TagReader } from './tag-reader.ts'
import { SyntaxFailure, type TokenStream } from './token-stream.ts'

export function readMacro(parser: TagReader, start: number): Statement {
  const { stream } = parser
  const opening = openTag(parser, 'macro', start)
  const mentions = new Set<string>()
  const { name, parameters } = parser.header(
    () => ({ name: stream.expectName('the name of the macro').text, parameters: readParameters(parser) }),
    { name: '', parameters: [] },
  )
  const body = readBody(parser, mentions, 'endmacro', opening)
  checkCaller(parser, parameters, mentions, opening)
  return { kind: 'macro', name, signature: { parameters, mentions }, body, start, end: parser.close() }
}

export function readCallBlock(parser: TagReader, start: number): Statement {
  const opening = openTag(parser, 'call', start)
  const mentions = new Set<string>()
  const head = parser.header(() => readCallHead(parser), { parameters: [], call: nothing })
  const body = readBody(parser, mentions, 'endcall', opening)
  checkCaller(parser, head.parameters, mentions, opening)
  return { kind: 'call-block', call: head.call, caller: { parameters: head.parameters, mentions }, body, start, end: parser.close() }
}

function readBody(parser: TagReader, mentions: Set<string>, closer: string, opening: Opening): Body {
  parser.expressions.mentions.push(mentions)
  const body = parser.body([closer], opening)
  parser.expressions.mentions.pop()
  return body
}

/** In a body that calls `caller`, a parameter of that name has to be one that may be absent. */
function checkCaller(parser: TagReader, parameters: MacroSignature['parameters'], mentions: ReadonlySet<string>, at: Opening): void {
  if (!mentions.has('caller') || !parameters.some(({ name, fallback }) => name === 'caller' && fallback === undefined)) return
  const message = 'Expected a default for the parameter "caller", since {% call %} gives it. Write caller=none, or remove the parameter.'
  parser.fault({ code: 'template/syntax', message, start: at.start, end: at.end })
}

function readCallHead(parser: TagReader): { parameters: MacroSignature['parameters']; call: Expression } {
  const parameters = parser.stream.isOperator('(') ? readParameters(parser) : []
  const call = parser.expressions.expression()
  if (call.kind !== 'call') throw new SyntaxFailure('Expected a call such as {% call box() %}, got another expression. Add "()".', call)
  return { parameters, call }
}

function readParameters(parser: TagReader): MacroSignature['parameters'] {
  const { stream } = parser
  const parameters: { name: string; fallback: Expression | undefined }[] = []
  stream.expectOperator('(')
  while (!stream.isOperator(')')) {
    if (parameters.length > 0) stream.expectOperator(',')
    const token = stream.expectName('the name of a parameter')
    const { text } = token
    if (parameters.some(({ name }) => name === text))
      throw new SyntaxFailure(`Expected each parameter once, and "${text}" is there twice. Rename one.`, token)
    const fallback = stream.skipOperator('=') ? parser.expressions.inside(() => parser.expressions.expression()) : undefined
    if (fallback === undefined && parameters.at(-1)?.fallback !== undefined) failWithoutDefault(stream)
    parameters.push({ name: text, fallback })
  }
  stream.expectOperator(')')
  return parameters
}

function failWithoutDefault(stream: TokenStream): never {
  return stream.fail('"=", since a parameter before has a default')
}
