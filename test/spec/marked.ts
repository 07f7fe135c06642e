import assert from 'node:assert/strict'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { parsePlatformConfig } from '../../src/spec/platform-config.ts'
import { parseRepositoryConfig } from '../../src/spec/repository-config.ts'
import type { Diagnostic, SpecOptions, WorkflowSpec } from '../../src/spec/types.ts'

/** A text in which `«` and `»` stand around the place where a fault is expected. */
export type Marked = { readonly text: string; readonly place: string }

export function unmark(marked: string): Marked {
  const start = marked.indexOf('«')
  const end = marked.indexOf('»') - 1
  const text = marked.replace('«', '').replace('»', '')
  return { text, place: `${positionOf(text, start)}-${positionOf(text, end)}` }
}

function positionOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}

export function placeOf({ line, column, endLine, endColumn }: Diagnostic): string {
  return `${line}:${column}-${endLine}:${endColumn}`
}

export type Reader = 'spec' | 'settings' | 'platform'

/** All diagnostics of a text, whether it is valid or not. */
export function diagnose(text: string, reader: Reader = 'spec', options: Partial<SpecOptions> = {}): readonly Diagnostic[] {
  const file = '.osmo/nav.yaml'
  const result =
    reader === 'spec'
      ? parseSpec(text, { file, ...options })
      : reader === 'settings'
        ? parseRepositoryConfig(text, file, { specs: ['nav'], pools: ['lab'] })
        : parsePlatformConfig(text, file)
  return result.kind === 'valid' ? result.warnings : result.diagnostics
}

export function read(text: string, options: Partial<SpecOptions> = {}): WorkflowSpec {
  const result = parseSpec(text, { file: '.osmo/nav.yaml', ...options })
  assert.equal(result.kind, 'valid', JSON.stringify(result, undefined, 1))
  return result.kind === 'valid' ? result.spec : assert.fail()
}

/** A workflow with one task, whose further keys are given as flow entries, such as `lead: true`. */
export function oneTask(entries = '', workflowEntries = ''): string {
  return `workflow:\n  name: nav\n${workflowEntries === '' ? '' : `  ${workflowEntries}\n`}  tasks:\n  - {name: eval, image: a, command: [b]${entries === '' ? '' : `, ${entries}`}}\n`
}
