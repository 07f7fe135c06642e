import { coercedText } from '../shape/python-scalars.ts'
import { mapOf } from '../shape/record.ts'
import { mapped, type Place, type Shape } from '../shape/shape.ts'
import { suggest } from '../suggestion.ts'
import type { ExitActions, ExitCodes } from '../types.ts'
import { quote } from '../yaml/node.ts'

export const noExitActions: ExitActions = { complete: [], fail: [], reschedule: [] }

const actions = ['COMPLETE', 'FAIL', 'RESCHEDULE']
/** Codes go up to four digits (osmo-spec.md §5.3). */
const maximumDigits = 9

/** Ranges of `1,3,5-10`, or undefined. One pass over the text: upstream's expression takes exponential time. */
export function parseExitCodes(text: string): ExitCodes | undefined {
  const ranges = text.split(',').map(parseRange)
  return ranges.every((range) => range !== undefined) ? ranges : undefined
}

function parseRange(part: string): { from: number; to: number } | undefined {
  const [from = '', to = from, ...more] = part.split('-')
  if (more.length > 0 || !isCode(from) || !isCode(to)) return undefined
  return { from: Number(from), to: Number(to) }
}

function isCode(text: string): boolean {
  return text.length <= maximumDigits && /^[0-9]+$/.test(text)
}

/** `owner` begins the message, such as `task train`. */
export function exitActionsShape(owner: string): Shape<ExitActions> {
  return mapped(
    mapOf(coercedText),
    (entries, node, place) => {
      const result: { complete: ExitCodes; fail: ExitCodes; reschedule: ExitCodes } = { ...noExitActions }
      const seen = new Set<string>()
      for (const [index, { key, keyNode, value }] of entries.entries()) {
        const name = key.toUpperCase()
        const valueNode = node.kind === 'mapping' ? node.entries[index]?.value : undefined
        if (!actions.includes(name)) {
          const message = `Invalid exit action ${quote(key)} for ${owner}. Expected COMPLETE, FAIL or RESCHEDULE.${suggest(key, actions)}`
          place.reporter.error('schema/exit-action', keyNode.range, message)
          continue
        }
        if (seen.has(name)) reportRepeated(key, keyNode.range, place)
        seen.add(name)
        const codes = value === '' ? undefined : parseExitCodes(value)
        if (codes === undefined) {
          const message = `Invalid exit codes ${quote(value)} for action ${key} for ${owner}. Expected codes and ranges such as 1,3,5-10.`
          if (valueNode?.kind !== 'mapping' && valueNode?.kind !== 'sequence')
            place.reporter.error('schema/exit-codes', valueNode?.range ?? keyNode.range, message)
          continue
        }
        const empty = codes.find(({ from, to }) => from > to)
        if (empty !== undefined) {
          const message = `The range ${empty.from}-${empty.to} holds no exit code. Write ${empty.to}-${empty.from}.`
          place.reporter.warning('schema/empty-range', valueNode?.range ?? keyNode.range, message)
        }
        if (name === 'COMPLETE') result.complete = codes
        else if (name === 'FAIL') result.fail = codes
        else result.reschedule = codes
      }
      return result
    },
    noExitActions,
  )
}

function reportRepeated(key: string, range: { start: number; end: number }, place: Place) {
  place.reporter.warning(
    'schema/repeated-action',
    range,
    `The exit action ${key} stands here a second time in other letters; the last counts. Join the two.`,
  )
}
