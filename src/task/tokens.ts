import type { PodOrder } from '../engine/ports.ts'
import { resolveTokens, type TokenValues } from '../spec/tokens.ts'

/** Where an attempt's places are: in a sandbox at OSMO's own paths, for a plain process in directories of its own. */
export type Places = {
  readonly repository: string
  readonly output: string
  readonly input: (index: number) => string
  /** Absolute paths in texts to replace, longest first; empty where the paths are real. */
  readonly replaced: readonly (readonly [from: string, to: string])[]
}

/** OSMO's own paths (osmo-spec.md §3.2). */
export const mountedPlaces: Places = {
  repository: '/osmo/repository',
  output: '/osmo/data/output',
  input: (index) => `/osmo/data/input/${index}`,
  replaced: [],
}

/**
 * Fills in `{{output}}`, `{{input:0}}`, `{{input:TASK}}`, `{{workflow_id}}` and `{{host:TASK}}` as OSMO does (what is not known
 * stays), then the paths that cannot be mounted.
 */
export function createTextFiller(order: PodOrder, places: Places): (text: string) => string {
  const values = tokenValues(order, places)
  const paths = new Map(places.replaced)
  const pattern = pathPattern(places.replaced)
  return (text) => {
    const filled = resolveTokens(text, values)
    return pattern === undefined ? filled : filled.replace(pattern, (path) => paths.get(path) ?? path)
  }
}

function tokenValues({ tokens, inputs }: PodOrder, places: Places): TokenValues {
  const hosts = Object.entries(tokens.hosts).map(([task, host]) => [`host:${task}`, host] as const)
  const numbered = inputs.map(({ index }) => [`input:${index}`, places.input(index)] as const)
  const named = inputs.flatMap(({ index, task }) => (task === undefined ? [] : [[`input:${task}`, places.input(index)] as const]))
  return Object.fromEntries([['workflow_id', tokens.workflowId], ['output', places.output], ...hosts, ...named, ...numbered])
}

function pathPattern(replaced: Places['replaced']): RegExp | undefined {
  if (replaced.length === 0) return undefined
  const paths = replaced.map(([from]) => from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  // Whole names only: `/osmo/repository-old` and `/home/me/osmo/data` stay.
  return new RegExp(`(?<![\\w.-])(?:${paths})(?![\\w-])`, 'g')
}
