import type { BenchmarkRun } from '../../benchmark/types.ts'
import type { AttemptReference, WorkflowId } from '../../workflow/names.ts'

export type LogChunk = { readonly sequence: number; readonly text: string }
export interface LogStore {
  /** Idempotent by (attempt, sequence); at most 64 KiB a chunk. Of one attempt the first 1 MiB and the last 15 MiB are kept. */
  append(reference: AttemptReference, chunks: readonly LogChunk[]): Promise<void>
  read(reference: AttemptReference, after: number, limit: number): Promise<readonly LogChunk[]>
  /** The last lines, for a check. */
  tail(reference: AttemptReference, lines: number, bytes: number): Promise<string>
}

/** Plain files below `<workflow>/<task>/<attempt>/`; an output counts once its manifest is written, last. */
export interface ObjectStore {
  put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    options: { readonly maxBytes: number },
  ): Promise<{ readonly bytes: number; readonly sha256: string }>
  get(key: string): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Reads small files whole; undefined when absent, throws above `maxBytes`. */
  read(key: string, maxBytes: number): Promise<Uint8Array | undefined>
  list(prefix: string, limit: number): Promise<readonly { readonly key: string; readonly bytes: number }[]>
  deletePrefix(prefix: string): Promise<void>
}
export type OutputManifest = {
  readonly files: readonly { readonly path: string; readonly mode: number; readonly bytes: number; readonly sha256: string }[]
}
export const outputPrefix = ({ workflow, task, attempt }: AttemptReference) => `${workflow}/${task}/${attempt}/`
export const manifestKey = (reference: AttemptReference) => `${outputPrefix(reference)}.osmo-manifest.json`

export interface SampleStore {
  save(reference: AttemptReference, benchmark: string, runs: readonly BenchmarkRun[]): Promise<void>
  /** Of the current attempts of a workflow. */
  ofWorkflow(
    id: WorkflowId,
  ): Promise<
    readonly { readonly task: string; readonly attempt: number; readonly benchmark: string; readonly runs: readonly BenchmarkRun[] }[]
  >
  /**
   * Trusted workflows of this one's spec on the default branch, the newest `limit` up to this one itself, oldest first: per benchmark their
   * head runs. What was opened later is left out, since a verdict must not change with it.
   */
  history(upTo: WorkflowId, benchmark: string, limit: number): Promise<readonly (readonly BenchmarkRun[])[]>
}
