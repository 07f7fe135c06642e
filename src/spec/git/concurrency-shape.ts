import { optional, present, record } from '../shape/record.ts'
import { flag, integerBetween, writtenText } from '../shape/scalars.ts'
import { mapped, type Shape } from '../shape/shape.ts'
import { suggest } from '../suggestion.ts'
import type { Concurrency } from '../types.ts'
import { quote } from '../yaml/node.ts'

const placeholders = ['ref', 'spec', 'pull_request']
const maximumGroupLength = 256

const groupShape: Shape<string> = mapped(
  writtenText,
  (group, node, place) => {
    const unknown = [...group.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1] ?? '').find((name) => !placeholders.includes(name))
    if (unknown !== undefined) {
      const message = `The placeholder {${unknown}} in ${place.path} is not known.${suggest(unknown, placeholders)} Known are {ref}, {spec} and {pull_request}.`
      place.reporter.error('semantic/placeholder', node.range, message)
    }
    if (group.length > maximumGroupLength || (group === '' && node.kind === 'string')) {
      const message = `Expected 1 to ${maximumGroupLength} characters for ${place.path}, but it is ${quote(group)}. Change it.`
      place.reporter.error('schema/value', node.range, message)
    }
    return group
  },
  '',
)

const fields = record({ group: optional(groupShape), 'cancel-in-progress': optional(flag), limit: optional(integerBetween(1, 1_000)) })

/** `concurrency`: a mapping, or the group alone, as in GitHub Actions. */
export const concurrencyShape: Shape<Concurrency> = {
  fallback: {},
  schema: { anyOf: [groupShape.schema, fields.schema] },
  read(node, place) {
    if (node.kind === 'string') return { group: groupShape.read(node, place) }
    const { group, 'cancel-in-progress': cancelInProgress, limit } = fields.read(node, place)
    return present({ group, cancelInProgress, limit })
  },
}
