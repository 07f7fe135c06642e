import { parseQuantity } from '../osmo/quantity.ts'
import type { ResourceValidation } from '../types.ts'
import { type Node, nodeVariables, type Variables } from './variables.ts'

export type ValidationResult = { readonly kind: 'fits' } | { readonly kind: 'refused'; readonly reason: string }

/** Rows of a table of nodes in a message. */
const maximumRows = 20

/**
 * Judges what a task asks for (osmo-spec.md §6.6). Rules without `K8_*` are judged once; those with it need one node of the platform that
 * passes them all, since a task runs on one node. Pure.
 *
 * @param user what `userVariables` gives.
 * @param nodes of the platform. Without any, rules about nodes cannot pass.
 */
export function validateResources(rules: readonly ResourceValidation[], user: Variables, nodes: readonly Node[]): ValidationResult {
  const broken = brokenRules(rules, user)
  if (broken.length > 0) return { kind: 'refused', reason: broken.join('\n') }
  const ofNodes = rules.filter(asksNode)
  const judged = nodes.map((node) => ({ node, broken: brokenOn(node, ofNodes, user) }))
  if (ofNodes.length === 0 || judged.some((one) => one.broken.length === 0)) return { kind: 'fits' }
  const words = 'No node of this platform can run the task. Please check available resources with "osmo resource list".'
  return { kind: 'refused', reason: nodes.length === 0 ? 'This platform has no nodes at the moment.' : `${words}\n\n${nodeTable(judged)}` }
}

/** What the rules that need no node say against it, each with its numbers. */
export function brokenRules(rules: readonly ResourceValidation[], user: Variables): readonly string[] {
  return rules.filter((rule) => !asksNode(rule) && !holds(rule, user)).map((rule) => fillMessage(rule, user))
}

/** Whether a rule can only be judged beside a node. */
export function asksNode({ left, right }: ResourceValidation): boolean {
  return /\{\{\s*K8_/.test(left) || /\{\{\s*K8_/.test(right)
}

type Judged = { readonly node: Node; readonly broken: readonly string[] }

function brokenOn(node: Node, rules: readonly ResourceValidation[], user: Variables): readonly string[] {
  const variables = new Map([...user, ...nodeVariables(node)])
  return rules.filter((rule) => !holds(rule, variables)).map((rule) => fillMessage(rule, variables))
}

/** An operand that is no number breaks the rule: what cannot be judged is not fine. */
function holds({ operator, left, right }: ResourceValidation, variables: Variables): boolean {
  const [a, b] = [amount(left, variables), amount(right, variables)]
  if (a === undefined || b === undefined) return false
  switch (operator) {
    case 'LE':
      return a <= b
    case 'LT':
      return a < b
    case 'GE':
      return a >= b
    case 'GT':
      return a > b
    case 'EQ':
      return a === b
  }
}

/** A number, or the bytes of a quantity. */
function amount(operand: string, variables: Variables): number | undefined {
  const name = /^\s*\{\{\s*(\w+)\s*\}\}\s*$/.exec(operand)?.[1]
  const value = name === undefined ? operand.trim() : variables.get(name)
  if (typeof value === 'object') return value.float
  if (typeof value !== 'string') return value
  if (/^[-+]?[0-9]+(?:\.[0-9]+)?$/.test(value)) return Number(value)
  const quantity = parseQuantity(value)
  return quantity.kind === 'bytes' ? quantity.bytes : undefined
}

function fillMessage({ message }: ResourceValidation, variables: Variables): string {
  return message.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (found, name: string) => {
    const value = variables.get(name)
    if (value === undefined) return found
    return typeof value === 'object' ? String(value.float) : String(value)
  })
}

function nodeTable(judged: readonly Judged[]): string {
  const rows = judged.slice(0, maximumRows).map(({ node, broken }) => `| ${cell(node.name)} | ${broken.map(cell).join('; ')} |`)
  const more = judged.length > maximumRows ? [`| ${judged.length - maximumRows} more | |`] : []
  return ['| node | why not |', '|:--|:--|', ...rows, ...more].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')
}
