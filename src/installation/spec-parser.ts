import type { SpecParser } from '../engine/spec-tree.ts'
import type { LocatedResult } from '../spec/parse-spec.ts'
import type { SpecOptions } from '../spec/types.ts'
import { createThread } from './thread.ts'

export type ParserThread = { readonly parse: SpecParser; close(): Promise<void> }

/** Of one spec. The template's own limits count steps and bytes and end hostile ones far earlier; this is for what they do not see. */
const deadlineMs = 5000
const memoryMebibytes = 256

export type SpecQuestion = { readonly text: string; readonly options: SpecOptions }

/** Parses specs in a thread. One that takes too long or too much is invalid. */
export function createParserThread(limits = { deadlineMs, memoryMebibytes }): ParserThread {
  const thread = createThread<SpecQuestion, LocatedResult>({
    ...limits,
    entry: new URL('./spec-thread.ts', import.meta.url),
    broken: ({ options }, what) => tooMuch(options.file, what),
  })
  return { parse: (text, options) => thread.ask({ text, options }), close: () => thread.close() }
}

function tooMuch(file: string, what: string): LocatedResult {
  const place = { file, line: 1, column: 1, endLine: 1, endColumn: 1 }
  return {
    kind: 'invalid',
    diagnostics: [
      { ...place, severity: 'error', code: 'limit/reading', message: `This spec ${what}. Make it smaller or its template simpler.` },
    ],
  }
}
