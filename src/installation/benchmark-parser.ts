import type { ParsedFile } from '../benchmark/types.ts'
import type { BenchmarkParser } from '../engine/collect.ts'
import { createThread } from './thread.ts'

export type BenchmarkQuestion = { readonly text: string; readonly options: { readonly path: string; readonly format?: string } }

/** Of one file, which has at most 8 MiB. */
const deadlineMs = 10_000
const memoryMebibytes = 512

/** Reads benchmark files in a thread; one that takes too long or too much is unmeasured. */
export function createBenchmarkThread(limits = { deadlineMs, memoryMebibytes }): {
  readonly parse: BenchmarkParser
  close(): Promise<void>
} {
  const thread = createThread<BenchmarkQuestion, ParsedFile>({
    ...limits,
    entry: new URL('./benchmark-thread.ts', import.meta.url),
    broken: ({ options: { path } }, what) => ({ kind: 'unmeasured', reason: `${path} ${what}` }),
  })
  return { parse: (text, options) => thread.ask({ text, options }), close: () => thread.close() }
}
