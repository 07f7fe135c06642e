import type { WakeupLog } from './technology.ts'

export type SparingLog = (fields: { readonly error?: unknown; readonly [name: string]: unknown }, message: string) => void

const everyMilliseconds = 30_000

/** The same message at most every 30 s, with how many there were: an outage says it once, not a thousand times. */
export function createSparingLog(log: WakeupLog): SparingLog {
  const last = new Map<string, { at: number; suppressed: number }>()
  return ({ error, ...fields }, message) => {
    const entry = last.get(message)
    const now = performance.now()
    if (entry && now - entry.at < everyMilliseconds) entry.suppressed += 1
    else {
      last.set(message, { at: now, suppressed: 0 })
      log.warn({ ...fields, ...(error !== undefined && { error: messageOf(error) }), alsoBefore: entry?.suppressed ?? 0 }, message)
    }
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
