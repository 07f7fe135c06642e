import { nodeNames, userNames, workflowNames } from '../pool/variables.ts'
import type { Reporter } from '../reporter.ts'
import { suggest } from '../suggestion.ts'
import { type Entry, quote, type ScalarNode, type YamlNode } from '../yaml/node.ts'

const token = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g

/**
 * Names in `{{…}}` that nobody gives: in pod templates `USER_*` and `WF_*` are known, in rules about resources `USER_*` and `K8_*`, and in both
 * what the pools and platforms of this file define (osmo-spec.md §6.4, 6.6). A variable that nothing reads and that is called almost like a
 * known one is a warning.
 */
export function checkVariableNames(file: YamlNode, reporter: Reporter): void {
  const own = ownVariables(file)
  const names = own.map(({ text }) => text)
  const templates = textsBelow(childOf(file, 'pod_templates'))
  const rules = childrenOf(childOf(file, 'resource_validations')).flatMap(textsBelow)
  report(templates, [...userNames, ...workflowNames, ...names], 'A pod template', reporter)
  report(rules, [...userNames, ...nodeNames, ...names], 'A rule about resources', reporter)
  const read = new Set([...templates, ...rules, ...textsBelow(childOf(file, 'group_templates'))].flatMap(namesIn))
  for (const name of own) if (!read.has(name.text) && !userNames.includes(name.text)) warnOfUnread(name, reporter)
}

/** The keys of every `common_default_variables` and `default_variables`. */
function ownVariables(file: YamlNode): readonly ScalarNode[] {
  const pools = childrenOf(childOf(file, 'pools'))
  const platforms = pools.flatMap((pool) => childrenOf(childOf(pool, 'platforms')))
  const lists = [
    ...pools.map((pool) => childOf(pool, 'common_default_variables')),
    ...platforms.map((one) => childOf(one, 'default_variables')),
  ]
  return lists.flatMap(entriesOf).map(({ key }) => key)
}

const entriesOf = (node: YamlNode | undefined): readonly Entry[] => (node?.kind === 'mapping' ? node.entries : [])
const childOf = (node: YamlNode | undefined, key: string) => entriesOf(node).find((entry) => entry.key.text === key)?.value
const childrenOf = (node: YamlNode | undefined): readonly YamlNode[] => entriesOf(node).map(({ value }) => value)

type Text = Extract<YamlNode, { readonly kind: 'string' }>

/** Keys are filled too. An alias is the very node of its anchor, and is looked at once. */
function textsBelow(root: YamlNode | undefined): readonly Text[] {
  const seen = new Set<YamlNode>()
  const waiting = root === undefined ? [] : [root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    if (node.kind === 'mapping') for (const { key, value } of node.entries) waiting.push(key, value)
    if (node.kind === 'sequence') for (const item of node.items) waiting.push(item)
  }
  return [...seen].filter((node) => node.kind === 'string')
}

const namesIn = ({ value }: Text): readonly string[] => [...value.matchAll(token)].flatMap(([, name]) => name ?? [])

function report(texts: readonly Text[], known: readonly string[], reader: string, reporter: Reporter) {
  const all = new Set(known)
  for (const text of texts)
    for (const name of namesIn(text)) {
      if (all.has(name)) continue
      const message = () =>
        `${reader} names the variable ${quote(name)}, which nobody gives.${suggest(name, all)} Correct it, or define it under "common_default_variables".`
      reporter.error('semantic/unknown-variable', text.range, message)
    }
}

function warnOfUnread({ text, range }: ScalarNode, reporter: Reporter) {
  const hint = suggest(text, userNames)
  if (hint === '') return
  const message = `Nothing in this file reads the variable ${quote(text)}.${hint} Correct it, or remove it.`
  reporter.warning('semantic/unread-variable', range, message)
}
