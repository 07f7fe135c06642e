import { constants } from './constants.ts'
import { type ExpressionReader, isTupleEnd } from './expression-reader.ts'
import type { Target } from './syntax.ts'
import { SyntaxFailure } from './token-stream.ts'

/** `any`: an attribute of a namespace too. `parameter`: inside a loop, the name `loop` too. */
type TargetForm = 'any' | 'plain' | 'parameter'

/** Where `for`, `set` and `with` put values. */
export function readTarget(reader: ExpressionReader, form: TargetForm): Target {
  const { stream } = reader
  const { start } = stream.current
  const items: Target[] = []
  let commas = 0
  while (!isTupleEnd(stream) && !stream.isOperator('=')) {
    items.push(readOne(reader, form))
    if (!stream.skipOperator(',')) break
    commas++
  }
  const only = items[0]
  if (only === undefined) return stream.fail('a name to assign to')
  return commas === 0 ? only : { kind: 'tuple', items, start, end: stream.previousEnd }
}

function readOne(reader: ExpressionReader, form: TargetForm): Target {
  const { stream } = reader
  const { start } = stream.current
  if (stream.skipOperator('(')) return readBracketed(reader, form)
  const token = stream.expectName('a name to assign to')
  if (constants.has(token.text))
    throw new SyntaxFailure(`Expected a name to assign to, and "${token.text}" is a constant. Use another name.`, token)
  if (token.text === 'loop' && form !== 'parameter' && reader.openLoops > 0 && !stream.isOperator('.'))
    throw new SyntaxFailure('Expected a name to assign to, and "loop" tells about the loop around. Use another name.', token)
  if (form === 'any' && stream.skipOperator('.')) {
    const attribute = stream.expectName('the name of an attribute').text
    return { kind: 'namespace', name: token.text, attribute, start, end: stream.previousEnd }
  }
  return { kind: 'name', name: token.text, start, end: token.end }
}

function readBracketed(reader: ExpressionReader, form: TargetForm): Target {
  reader.enter()
  const inner = readTarget(reader, form)
  reader.stream.expectOperator(')')
  reader.leave()
  return inner
}
