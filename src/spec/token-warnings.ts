import type { ReadTask } from './osmo/task.ts'
import type { ReadWorkflow } from './osmo/workflow.ts'
import type { Reporter } from './reporter.ts'
import type { Range } from './source-text.ts'
import { suggest } from './suggestion.ts'
import { tokensIn } from './tokens.ts'
import { quote, type YamlNode } from './yaml/node.ts'

/** Upstream leaves an unknown token in the text, and the command fails on it later; here a warning says so. */
export function reportUnresolvedTokens(workflow: ReadWorkflow, source: string, reporter: Reporter) {
  for (const task of workflow.tasks?.value ?? []) reportTask(task, [], source, reporter)
  for (const group of workflow.groups?.value ?? []) {
    const hosts = group.tasks.length > 1 ? group.tasks.map(({ name }) => name.value) : []
    for (const task of group.tasks) reportTask(task, hosts, source, reporter)
  }
}

function reportTask(task: ReadTask, hosts: readonly string[], source: string, reporter: Reporter) {
  for (const { text, range } of textsOf(task.node)) {
    for (const key of new Set(tokensIn(text))) {
      const reason = whyUnresolved(key, task, hosts)
      if (reason === undefined) continue
      const message = `The token {{${key}}} will stay in the text of task ${quote(task.name.value)} as it is: ${reason}`
      reporter.warning('semantic/unresolved-token', placeOf(key, range, source), message)
    }
  }
}

function whyUnresolved(key: string, task: ReadTask, hosts: readonly string[]): string | undefined {
  const [kind, name = ''] = [key.split(':', 1)[0] ?? '', key.slice(key.indexOf(':') + 1)]
  if (key === 'uuid') return 'nothing ever replaces {{uuid}}. Use {{workflow_id}}.'
  if (key.startsWith('host:')) return hosts.includes(name) ? undefined : whyNoHost(name, hosts)
  if (kind !== 'input' || !key.startsWith('input:')) return undefined
  const inputs = task.spec.inputs
  if (/^[0-9]+$/.test(name) && Number(name) < inputs.length && String(Number(name)) === name) return undefined
  const names = inputs.flatMap((input) => (input.kind === 'url' ? [] : [input.task]))
  return names.includes(name) ? undefined : `it has ${inputs.length} inputs and none is ${quote(name)}.${suggest(name, names)} Correct it.`
}

function whyNoHost(name: string, hosts: readonly string[]): string {
  if (hosts.length === 0) return 'its group has no other task. Put tasks that talk to each other into one group.'
  return `its group has no task ${quote(name)}.${suggest(name, hosts)} Correct it.`
}

type Text = { readonly text: string; readonly range: Range }

function* textsOf(node: YamlNode): Generator<Text> {
  if (node.kind === 'string') yield { text: node.value, range: node.range }
  else if (node.kind === 'sequence') for (const item of node.items) yield* textsOf(item)
  else if (node.kind === 'mapping') for (const { value } of node.entries) yield* textsOf(value)
}

/** The token itself where it stands in the source as in the text, else the value that holds it. */
function placeOf(key: string, range: Range, source: string): Range {
  const found = source.indexOf(`{{${key}}}`, range.start)
  return found !== -1 && found < range.end ? { start: found, end: found + key.length + 4 } : range
}
