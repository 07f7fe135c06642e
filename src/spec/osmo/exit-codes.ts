import { coercedText } from '../shape/python-scalars.ts'
import { type MapEntry, mapOf } from '../shape/record.ts'
import { type Located, located, mapped, type Place, type Shape } from '../shape/shape.ts'
import { suggest } from '../suggestion.ts'
import type { ExitActions, ExitCodes } from '../types.ts'
import { quote } from '../yaml/node.ts'

export const noExitActions: ExitActions = { complete: [], fail: [], reschedule: [] }

const actions = ['complete', 'fail', 'reschedule'] as const
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

/** Undefined where a wrong type has been reported. */
const codesText: Shape<string | undefined> = {
  fallback: undefined,
  schema: coercedText.schema,
  read(node, place) {
    const text = coercedText.read(node, place)
    return node.kind === 'string' || node.kind === 'integer' || node.kind === 'float' ? text : undefined
  },
}

/** `owner` says whose they are in messages, such as `task "train"`. */
export function exitActionsShape(owner: (place: Place) => string): Shape<ExitActions> {
  return mapped(
    mapOf(located(codesText)),
    (entries, _node, place) => {
      const result: Record<Action, ExitCodes> = { ...noExitActions }
      const seen = new Set<string>()
      for (const entry of entries) {
        const action = readAction(entry, owner(place), place)
        if (action === undefined) continue
        if (seen.has(action)) reportRepeated(entry, place)
        seen.add(action)
        result[action] = readCodes(entry, owner(place), place) ?? result[action]
      }
      return result
    },
    noExitActions,
  )
}

type Action = keyof ExitActions
type CodesEntry = MapEntry<Located<string | undefined>>

function readAction({ key, keyNode }: CodesEntry, owner: string, place: Place): Action | undefined {
  const found = actions.find((action) => action === key.toLowerCase())
  if (found !== undefined) return found
  const hint = suggest(
    key.toUpperCase(),
    actions.map((action) => action.toUpperCase()),
  )
  const message = `Invalid exit action ${quote(key)} for ${owner}. Expected COMPLETE, FAIL or RESCHEDULE.${hint}`
  place.reporter.error('schema/exit-action', keyNode.range, message)
  return undefined
}

function readCodes({ key, value }: CodesEntry, owner: string, place: Place): ExitCodes | undefined {
  if (value.value === undefined) return undefined
  const codes = parseExitCodes(value.value)
  if (codes === undefined) {
    const message = `Invalid exit codes ${quote(value.value)} for action ${key} for ${owner}. Expected codes and ranges such as 1,3,5-10.`
    place.reporter.error('schema/exit-codes', value.range, message)
    return undefined
  }
  const empty = codes.find(({ from, to }) => from > to)
  if (empty !== undefined) {
    const message = `The range ${empty.from}-${empty.to} holds no exit code. Write ${empty.to}-${empty.from}.`
    place.reporter.warning('schema/empty-range', value.range, message)
  }
  return codes
}

function reportRepeated({ key, keyNode }: CodesEntry, place: Place) {
  const message = `The exit action ${key} stands here a second time in other letters; the last counts. Join the two.`
  place.reporter.warning('schema/repeated-action', keyNode.range, message)
}
