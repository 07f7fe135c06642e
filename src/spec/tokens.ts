import { normalisePath } from './paths.ts'
import type { TaskSpec } from './types.ts'

/** What stands for each token in one task: keys such as `output`, `input:0`, `input:train`, `host:master`, `workflow_id`. */
export type TokenValues = Readonly<Record<string, string>>

/** Blanks are allowed inside the braces, around the key. */
const token = /\{\{ *([A-Za-z_][^{}\n]*?) *\}\}/g

/** Replaces the tokens that `values` knows; all others stay as they are, as upstream leaves them (osmo-spec.md §2.1). */
export function resolveTokens(text: string, values: TokenValues): string {
  if (!text.includes('{{')) return text
  return text.replaceAll(token, (whole, key: string) => (Object.hasOwn(values, key) ? (values[key] ?? whole) : whole))
}

/** Keys of the tokens in a text, such as `host:master`. */
export function tokensIn(text: string): readonly string[] {
  return text.includes('{{') ? [...text.matchAll(token)].map((match) => match[1] ?? '') : []
}

/** Applies tokens to every string of a task: image, command, environment, urls, file contents and the rest. */
export function resolveTaskTokens(task: TaskSpec, values: TokenValues): TaskSpec {
  const resolved = resolveDeep(task, values)
  return {
    ...resolved,
    name: task.name,
    resource: task.resource,
    files: resolved.files.map((file) => ({ ...file, path: normalisePath(file.path) })),
  }
}

function resolveDeep<T>(value: T, values: TokenValues): T {
  if (typeof value === 'string') return resolveTokens(value, values) as T
  if (Array.isArray(value)) return value.map((item) => resolveDeep(item, values)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, resolveDeep(child, values)])) as T
}
