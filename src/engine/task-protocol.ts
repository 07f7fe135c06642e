import type { Arm } from '../benchmark/types.ts'
import type { AttemptReference } from '../workflow/names.ts'

/**
 * What a running attempt and the service say to each other over HTTP, below one path per attempt. Each call carries the attempt's token as
 * `Authorization: Bearer …`; 401 means that the attempt is over or was never ours.
 */
export const taskPath = ({ workflow, task, attempt }: AttemptReference) => `/task/v1/${workflow}/${encodeURIComponent(task)}/${attempt}`

export const taskLimits = {
  /** Of one chunk of logs, in bytes of UTF-8. */
  logChunkBytes: 65_536,
  logChunksPerCall: 16,
  /** Output files of one attempt. */
  outputFiles: 100_000,
  manifestBytes: 64 * 1024 * 1024,
  outputPathBytes: 1024,
  outputPathDepth: 32,
} as const

/** Permission bits of an output file, octal. */
export const modeHeader = 'x-osmo-mode'

/**
 * `passed` is told again and again while the member runs, so that a restarted service still lets late members in.
 * Answer: `BarrierState`.
 */
export type BarrierCall = {
  readonly group: string
  readonly member: string
  readonly members: readonly string[]
  readonly state: 'waiting' | 'passed'
}
export type BarrierState = 'waiting' | 'open'

/** `runs/index.json` of the outputs of a task that ran more than once: how each run went. Files of a run are below its `directory`. */
export type RunsIndex = {
  readonly version: 1
  readonly runs: readonly RunRecord[]
  /** `shared`: nothing but its directories kept a run's processes and files from the next one's; what one left could reach the other. */
  readonly fileSystem: 'own' | 'shared'
  /** Undefined: base was not asked for, or was measured under head's task throughout. */
  readonly base: { readonly kind: 'measured' } | { readonly kind: 'fallback' | 'unmeasured'; readonly note: string } | undefined
}
export type RunRecord = {
  readonly arm: Arm
  readonly pair: number
  readonly purpose: 'warmup' | 'measure'
  readonly seed: number
  /** Whose command and files were used. */
  readonly task: 'head' | 'base'
  readonly exitCode: number
  readonly outcome: 'completed' | 'failed'
  /** `runs/<pair>-<arm>`; undefined for warm-ups and failed runs of base. */
  readonly directory: string | undefined
  readonly startedAt: number
  readonly durationSeconds: number
}
