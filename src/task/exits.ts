import type { Exit, ExitReason } from '../workflow/state.ts'

/** An attempt's end in OSMO's numbers (osmo-spec.md §5.3): 0-255 are the command's own. */
export const exitCodes = {
  imagePull: 302,
  downloadFailed: 2010,
  uploadFailed: 2012,
  barrierFailed: 2024,
  backendError: 3001,
  startError: 3003,
  outOfMemory: 3004,
  startTimeout: 3005,
} as const

/** Thrown anywhere in an attempt to end it; what has a reason of its own never looks like the command's failure. */
export class AttemptEnded extends Error {
  override readonly name = 'AttemptEnded'
  readonly exit: Omit<Exit, 'outputs'>
  constructor(reason: ExitReason, exitCode: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.exit = { reason, exitCode, message }
  }
}

/** For a fault that nobody foresaw. */
export function endOf(error: unknown): Omit<Exit, 'outputs'> {
  if (error instanceof AttemptEnded) return error.exit
  const message = error instanceof Error ? error.message : String(error)
  return { reason: 'backend-error', exitCode: exitCodes.backendError, message: `The supervisor failed: ${message}`.slice(0, 2000) }
}
