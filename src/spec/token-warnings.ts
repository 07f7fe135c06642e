import type { ReadTask } from './osmo/task.ts'
import type { ReadWorkflow } from './osmo/workflow.ts'
import type { Reporter } from './reporter.ts'
import type { Range } from './source-text.ts'
import { suggest } from './suggestion.ts'
import { tokensIn } from './tokens.ts'
import { quote, type YamlNode } from './yaml/node.ts'

/** Upstream leaves an unknown token in the text, and the command fails on it later; here a warning says so. */
export function reportUnresolvedTokens(workflow: ReadWorkflow, source: string, reporter: Reporter) {
  for (const task of workflow.tasks?.value ?? []) reportTask(task, new Set(), source, reporter)
  for (const group of workflow.groups?.value ?? []) {
    const hosts = new Set(group.tasks.length > 1 ? group.tasks.map(({ name }) => name.value) : [])
    for (const task of group.tasks) reportTask(task, hosts, source, reporter)
  }
}

/** What the tokens of a task can name. */
type Known = { readonly inputs: ReadonlySet<string>; readonly inputCount: number; readonly hosts: ReadonlySet<string> }

function reportTask({ spec, node, name }: ReadTask, hosts: ReadonlySet<string>, source: string, reporter: Reporter) {
  const inputs = new Set(spec.inputs.flatMap((input) => (input.kind === 'url' ? [] : [input.task])))
  const known = { inputs, inputCount: spec.inputs.length, hosts }
  for (const { text, range } of textsOf(node)) {
    for (const key of new Set(tokensIn(text))) {
      const reason = whyUnresolved(key, known)
      if (reason === undefined) continue
      const message = () => `The token {{${key}}} will stay in the text of task ${quote(name.value)} as it is: ${reason()}`
      reporter.warning('semantic/unresolved-token', placeOf(key, range, source), message)
    }
  }
}

function whyUnresolved(key: string, { inputs, inputCount, hosts }: Known): (() => string) | undefined {
  const name = key.slice(key.indexOf(':') + 1)
  if (key === 'uuid') return () => 'nothing ever replaces {{uuid}}. Use {{workflow_id}}.'
  if (key.startsWith('host:')) return hosts.has(name) ? undefined : () => whyNoHost(name, hosts)
  if (!key.startsWith('input:') || inputs.has(name)) return undefined
  if (/^[0-9]+$/.test(name) && Number(name) < inputCount && String(Number(name)) === name) return undefined
  return () => `it has ${inputCount} inputs and none is ${quote(name)}.${suggest(name, inputs)} Correct it.`
}

function whyNoHost(name: string, hosts: ReadonlySet<string>): string {
  if (hosts.size === 0) return 'its group has no other task. Put tasks that talk to each other into one group.'
  return `its group has no task ${quote(name)}.${suggest(name, hosts)} Correct it.`
}

type Text = { readonly text: string; readonly range: Range }

function* textsOf(node: YamlNode): Generator<Text> {
  if (node.kind === 'string') yield { text: node.value, range: node.range }
  else if (node.kind === 'sequence') for (const item of node.items) yield* textsOf(item)
  else if (node.kind === 'mapping') for (const { value } of node.entries) yield* textsOf(value)
}

/** Characters of a value that are searched for each of its tokens. */
const maximumSearched = 20_000

/** The token itself where it stands in the source as in the text, else the value that holds it. */
function placeOf(key: string, range: Range, source: string): Range {
  const found = source.slice(range.start, Math.min(range.end, range.start + maximumSearched)).indexOf(`{{${key}}}`)
  const start = range.start + found
  return found === -1 ? range : { start, end: start + key.length + 4 }
}
