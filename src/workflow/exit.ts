import type { ExitCodes } from '../spec/types.ts'
import type { Exit, ExitReason, FailedStatus, FinishedStatus, TaskPolicy, TaskState } from './state.ts'

/** What the end of an attempt means for its task. */
export type Decision =
  | { readonly kind: 'finish'; readonly status: FinishedStatus; readonly message: string }
  /** `user` uses up one of the task's own attempts, `infrastructure` one of ours, with back-off. */
  | { readonly kind: 'retry'; readonly blame: 'user' | 'infrastructure'; readonly message: string }

/**
 * Exit actions first (the task's, then the pool's; osmo-spec.md §5.4), then the rule for the reason.
 * Infrastructure failures retry by themselves and never use up the task's own attempts.
 */
export function decide(exit: Exit, { retries }: Pick<TaskState, 'retries'>, policy: TaskPolicy): Decision {
  const action = exitAction(exit.exitCode, policy)
  if (action === 'complete') return { kind: 'finish', status: 'COMPLETED', message: exit.message }
  if (action === 'fail')
    return { kind: 'finish', status: 'FAILED', message: exit.message || `Exit code ${exit.exitCode} is declared as FAIL` }
  if (action === 'reschedule' && retries.user < policy.maxRetries) return { kind: 'retry', blame: 'user', message: exit.message }
  if (isInfrastructure(exit.reason) && retries.infrastructure < policy.maxInfrastructureRetries)
    return { kind: 'retry', blame: 'infrastructure', message: exit.message }
  return finished(exit, action === 'reschedule' ? `No exit action applied due to retry limit ${policy.maxRetries}. ` : '')
}

/** Seconds before the next attempt: 5, 10, 20 … at most 60. An interrupted service starts its tasks again at once. */
export function backoffSeconds(exit: Pick<Exit, 'reason'>, infrastructureFailures: number): number {
  return exit.reason === 'interrupted' ? 0 : Math.min(60, 5 * 2 ** infrastructureFailures)
}

function finished(exit: Exit, prefix: string): Decision {
  const status = exit.reason === 'completed' ? (exit.exitCode === 0 ? 'COMPLETED' : 'FAILED') : statusOf[exit.reason]
  return { kind: 'finish', status, message: `${prefix}${exit.message}` }
}

function exitAction(code: number, { exitActions, poolExitActions }: TaskPolicy) {
  for (const actions of [exitActions, poolExitActions]) {
    if (includes(actions.complete, code)) return 'complete'
    if (includes(actions.fail, code)) return 'fail'
    if (includes(actions.reschedule, code)) return 'reschedule'
  }
  return undefined
}

const includes = (codes: ExitCodes, code: number) => codes.some(({ from, to }) => from <= code && code <= to)

const isInfrastructure = (reason: ExitReason) =>
  ['download-failed', 'upload-failed', 'preempted', 'backend-error', 'interrupted', 'canceled'].includes(reason)

const statusOf: Readonly<Record<Exclude<ExitReason, 'completed'>, FailedStatus>> = {
  canceled: 'FAILED_CANCELED',
  'exec-timeout': 'FAILED_EXEC_TIMEOUT',
  'start-timeout': 'FAILED_START_TIMEOUT',
  'start-error': 'FAILED_START_ERROR',
  'image-pull': 'FAILED_IMAGE_PULL',
  'download-failed': 'FAILED_BACKEND_ERROR',
  'input-missing': 'FAILED',
  'upload-failed': 'FAILED_BACKEND_ERROR',
  'out-of-memory': 'FAILED_EVICTED',
  preempted: 'FAILED_PREEMPTED',
  'backend-error': 'FAILED_BACKEND_ERROR',
  interrupted: 'FAILED_BACKEND_ERROR',
}
