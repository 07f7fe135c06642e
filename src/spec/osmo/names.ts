import { coercedText } from '../shape/python-scalars.ts'
import { text } from '../shape/scalars.ts'
import { mapped, type Shape } from '../shape/shape.ts'
import { quote } from '../yaml/node.ts'

/** OSMO's `max_name_length`, also of the `<task>-group` that a plain task gets. */
export const maximumNameLength = 64

const namePattern = /^[a-zA-Z](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?$/

/** The name of a workflow, group or task; a plain task has less room, for its group's suffix. */
export function nameShape(what: 'workflow' | 'group' | 'task' | 'plain-task'): Shape<string> {
  const longest = what === 'plain-task' ? maximumNameLength - '-group'.length : maximumNameLength
  const base = what === 'workflow' || what === 'group' ? text : coercedText
  const shape = { ...base, schema: { type: 'string', pattern: namePattern.source, maxLength: longest } }
  return mapped(
    shape,
    (name, node, place) => {
      if (node.kind === 'mapping' || node.kind === 'sequence' || (name === '' && node.kind !== 'string')) return ''
      const fault = faultOfName(name, longest)
      if (fault === undefined) return name
      place.reporter.error('schema/name', node.range, fault)
      return ''
    },
    '',
  )
}

function faultOfName(name: string, longest: number): string | undefined {
  if (name.length > longest) {
    const why = longest < maximumNameLength ? ` A plain task has ${longest}, because its group is called "<task>-group".` : ''
    return `Name ${quote(name)} is too long. It must be ${maximumNameLength} characters or less.${why}`
  }
  if (namePattern.test(name)) return undefined
  return `The name ${quote(name)} is not allowed. Expected a letter, then letters, digits, "_" and "-", with a letter or digit at the end.`
}

/** Kubernetes names know no capitals and no underscores, so `Eval_1` and `eval-1` would collide. */
export function normalisedName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}
