import type { Range } from '../source-text.ts'

/**
 * A loaded YAML document. Ranges are in the source file. An alias is the very node of its anchor, so the tree is a
 * graph without cycles; `size` counts nodes with every alias written out.
 */
export type YamlNode = ScalarNode | SequenceNode | MappingNode

export type ScalarNode = Scalar & { readonly range: Range; readonly size: number; readonly text: string }

export type Scalar =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  /** Python's `date` or `datetime`: valid YAML, and wrong wherever a spec wants a string. */
  | { readonly kind: 'date'; readonly value: { readonly date: string } | { readonly datetime: string } }

export type SequenceNode = { readonly kind: 'sequence'; readonly items: readonly YamlNode[]; readonly range: Range; readonly size: number }

export type MappingNode = { readonly kind: 'mapping'; readonly entries: readonly Entry[]; readonly range: Range; readonly size: number }

export type Entry = { readonly key: ScalarNode; readonly value: YamlNode }

/** Nodes of one document with every alias written out. */
export const maximumNodes = 200_000

/** Stands where no text was. */
export const emptyNode: ScalarNode = { kind: 'null', text: '', range: { start: 0, end: 0 }, size: 1 }

/** What a person wrote, for a message: `the string "echo"`, `a list`, `nothing`. */
export function describe(node: YamlNode): string {
  switch (node.kind) {
    case 'mapping':
      return 'a mapping'
    case 'sequence':
      return 'a list'
    case 'null':
      return 'nothing (null)'
    case 'string':
      return `the string ${quote(node.value)}`
    case 'integer':
      return `the integer ${clip(node.text)}`
    case 'float':
      return `the number ${clip(node.text)}`
    case 'boolean':
      return `the boolean ${clip(node.text)}`
    case 'date':
      return `the date ${clip(node.text)}`
  }
}

export function quote(text: string): string {
  return JSON.stringify(clip(text))
}

function clip(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}…`
}
