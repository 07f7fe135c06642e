import type { ReadCheckout } from './git/checkout-shape.ts'
import type { ReadTask } from './osmo/task.ts'
import type { ReadWorkflow } from './osmo/workflow.ts'
import { createLineIndex, type Range } from './source-text.ts'
import type { Checkout, Diagnostic } from './types.ts'

/** Where in the source something stands; lines and columns from 1, the end exclusive. */
export type SourcePlace = Pick<Diagnostic, 'line' | 'column' | 'endLine' | 'endColumn'>

/** Lists of a task, each entry of which asks for something of its surroundings. */
export const dataKeys = ['inputs', 'outputs', 'checkpoint', 'volumeMounts', 'credentials'] as const

/** A part of a spec that only somebody outside of the file can judge. */
export type SpecPart =
  | { readonly kind: 'task' | 'resource'; readonly name: string }
  | { readonly kind: 'data'; readonly task: string; readonly key: (typeof dataKeys)[number]; readonly index: number }
  | { readonly kind: 'checkout'; readonly key: keyof Checkout }

export type SpecPlaces = {
  readonly tasks: ReadonlyMap<string, SourcePlace>
  readonly resources: ReadonlyMap<string, SourcePlace>
  readonly localpaths: readonly (SourcePlace & { readonly task: string; readonly localpath: string })[]
  /** Of entries of `dataKeys` and keys of `checkout`, by `placeOf`. */
  readonly parts: ReadonlyMap<string, SourcePlace>
}

/** Undefined for a part that is not written in the file, such as a resource that nobody describes. */
export function placeOf(places: SpecPlaces, part: SpecPart): SourcePlace | undefined {
  switch (part.kind) {
    case 'task':
      return places.tasks.get(part.name)
    case 'resource':
      return places.resources.get(part.name)
    default:
      return places.parts.get(nameOf(part))
  }
}

export function readTasks(workflow: ReadWorkflow): readonly ReadTask[] {
  return [...(workflow.groups?.value ?? []).flatMap((group) => group.tasks), ...(workflow.tasks?.value ?? [])]
}

export function placesOf(source: string, workflow: ReadWorkflow, checkout: ReadCheckout | undefined): SpecPlaces {
  const lines = createLineIndex(source)
  const place = ({ start, end }: Range): SourcePlace => {
    const [from, to] = [lines.position(start), lines.position(end)]
    return { line: from.line, column: from.column, endLine: to.line, endColumn: to.column }
  }
  const tasks = readTasks(workflow)
  const keys = Object.entries(checkout?.keys ?? {}).map(([key, range]) => [nameOf({ kind: 'checkout', key: key as keyof Checkout }), range])
  const parts = [...tasks.flatMap(dataOf), ...(keys as [string, Range][])]
  return {
    tasks: new Map(tasks.map(({ name }) => [name.value, place(name.range)])),
    resources: new Map(workflow.resources.map(({ key, keyNode }) => [key, place(keyNode.range)])),
    localpaths: tasks.flatMap((task) =>
      task.localpaths.map(({ value, range }) => ({ ...place(range), task: task.name.value, localpath: value })),
    ),
    parts: new Map(parts.map(([name, range]) => [name, place(range)])),
  }
}

function dataOf({ name, node }: ReadTask): readonly (readonly [string, Range])[] {
  const entries = node.kind === 'mapping' ? node.entries : []
  return dataKeys.flatMap((key) => {
    const value = entries.find((entry) => entry.key.text === key)?.value
    const ranges =
      value?.kind === 'sequence'
        ? value.items.map(({ range }) => range)
        : value?.kind === 'mapping'
          ? value.entries.map((entry) => entry.key.range)
          : []
    return ranges.map((range, index) => [nameOf({ kind: 'data', task: name.value, key, index }), range] as const)
  })
}

function nameOf(part: Extract<SpecPart, { readonly key: unknown }>): string {
  return part.kind === 'checkout' ? `checkout.${part.key}` : `tasks.${part.task}.${part.key}[${part.index}]`
}
