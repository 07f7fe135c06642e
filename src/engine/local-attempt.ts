import type { Exit } from '../workflow/state.ts'
import type { ContainerEngine, EngineName } from './container-engine.ts'
import type { PodOrder } from './ports.ts'

/**
 * What the local backend and an attempt's supervisor leave for each other in the attempt's directory. They are separate programs that may
 * die at any moment, so every file but the logs appears whole, by rename or by link.
 */
export const attemptFiles = {
  /** `LocalOrder`. The supervisor takes the token out once it has the lock. */
  order: 'order.json',
  /** `AttemptRecord`: what a listing needs, and the digest that tells two orders for one pod apart. */
  record: 'record.json',
  /** `ProcessIdentity` of the supervisor, made by `link`: a directory with it is never started again. */
  lock: 'lock.json',
  /** `RecordedPhase`. */
  phase: 'phase.json',
  /** `RecordedExit`. */
  exit: 'exit.json',
  /** `RecordedCancel`, from the backend. */
  cancel: 'cancel.json',
  /** `Leftovers`: what to end when the supervisor died before its command. */
  leftovers: 'leftovers.json',
  /** `Tombstone`: nothing may be created here any more. */
  tombstone: 'tombstone.json',
} as const

export type LocalRuntime = 'bubblewrap' | 'process' | EngineName

/** What runs a task's command. */
export type TaskRuntime =
  | { readonly kind: 'bubblewrap' }
  | { readonly kind: 'process' }
  | { readonly kind: 'container'; readonly engine: ContainerEngine }

export type LocalOrder = { readonly order: PodOrder; readonly settings: LocalSettings }

export type LocalSettings = {
  readonly runtime: TaskRuntime
  /** The runner's own Node, first in the task's PATH. */
  readonly nodePath: string
  /** `path` is relative to `/osmo`, `source` absolute on this machine; mounted read-only. */
  readonly toolchains: readonly { readonly path: string; readonly source: string }[]
  /** Where the tasks' endpoint of the service listens. */
  readonly service: { readonly kind: 'socket'; readonly path: string } | { readonly kind: 'url'; readonly url: string }
  /** Started as root, each attempt has a user of its own. */
  readonly user: { readonly uid: number } | 'same'
  readonly machineCpu: number
  /** A file named like the pod is touched here at each change of phase. */
  readonly signalsDirectory: string
}

export type AttemptRecord = Pick<PodOrder, 'pod' | 'reference'> & {
  readonly digest: string
  readonly uid: number | undefined
  readonly createdAt: number
}

/** A pid alone may be given to another process; with the start time (clock ticks since boot) and the boot it is unique. */
export type ProcessIdentity = { readonly pid: number; readonly startTime: string; readonly bootId: string }

export type RecordedPhase = { readonly kind: 'initializing' } | { readonly kind: 'running'; readonly startedAt: number }
export type RecordedExit = { readonly startedAt: number | undefined; readonly exitedAt: number; readonly exit: Exit }
export type RecordedCancel = { readonly graceSeconds: number }
export type Leftovers = {
  readonly cgroups: readonly string[]
  readonly uid: number | undefined
  readonly processGroup: number | undefined
  /** `NAME=value` that every process of the attempt has in its environment, unless it took it out. */
  readonly environmentMark: string
  readonly container: LeftContainer
}
export type LeftContainer =
  | { readonly kind: 'none' }
  | { readonly kind: 'container'; readonly engine: ContainerEngine; readonly name: string }
/** `deleted`: before it was ever created, so a late create is refused. `forgotten`: it has run, so a late create is nothing new. */
export type Tombstone = { readonly kind: 'deleted' | 'forgotten'; readonly at: number }

/** Field 22 of `/proc/<pid>/stat`; the name in field 2 may hold blanks and parentheses. */
export function startTimeOf(procStat: string): string | undefined {
  return procStat.slice(procStat.lastIndexOf(')') + 2).split(' ')[19]
}
