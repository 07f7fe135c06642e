import type { Range } from '../source-text.ts'
import type { Scalar } from './node.ts'

/** Where a text came from: offsets in it to ranges in the source file. */
export type Origin = (start: number, end: number) => Range

/** What differs between PyYAML's safe loader and YAML 1.2 core. */
export type Dialect = {
  readonly version: '1.1' | '1.2'
  /** `tag` is the full tag, such as `tag:yaml.org,2002:int`, when one was written. */
  scalar(written: WrittenScalar): ScalarResult
  collection(tag: string | undefined, own: 'sequence' | 'mapping'): CollectionForm
  readonly lineBreaks: 'yaml-1.1' | 'yaml-1.2'
  readonly mergeKeys: 'merged' | 'plain'
  readonly duplicateKeys: 'warning' | 'error'
  readonly tabs: 'refused' | 'allowed'
  /** Layouts that only PyYAML takes; repair.ts has them. */
  readonly looseLayout: 'accepted' | 'refused'
}

export type WrittenScalar = { readonly text: string; readonly style: 'plain' | 'quoted'; readonly tag: string | undefined }
export type FaultResult = { readonly kind: 'fault'; readonly code: string; readonly message: string }
export type ScalarResult = Scalar | FaultResult
/** `pairs`: a list of mappings of one entry each becomes a list of lists of two. */
export type CollectionForm = { readonly kind: 'plain' | 'pairs' } | FaultResult
