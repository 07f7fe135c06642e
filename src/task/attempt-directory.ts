import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  attemptFiles,
  type Leftovers,
  type LocalOrder,
  type ProcessIdentity,
  type RecordedCancel,
  type RecordedExit,
  type RecordedPhase,
  startTimeOf,
} from '../engine/local-attempt.ts'

/** The attempt's directory as its supervisor sees it. Small synchronous writes: each must be on disk before the next step. */
export type AttemptDirectory = ReturnType<typeof openAttemptDirectory>

export function openAttemptDirectory(directory: string) {
  const pathOf = (name: string) => join(directory, name)

  return {
    path: directory,
    pathOf,
    readOrder: () => readJson<LocalOrder>(pathOf(attemptFiles.order)),
    readCancel: () => readJsonIfPresent<RecordedCancel>(pathOf(attemptFiles.cancel)),
    readLeftovers: () => readJsonIfPresent<Leftovers>(pathOf(attemptFiles.leftovers)),
    /** False: another supervisor has had it, dead or alive. */
    lock: () => linkOnce(pathOf(attemptFiles.lock), ownIdentity()),
    /** From here on only this process knows the token. */
    forgetToken(order: LocalOrder) {
      replace(pathOf(attemptFiles.order), { ...order, order: { ...order.order, token: '' } })
    },
    writeLeftovers: (leftovers: Leftovers) => replace(pathOf(attemptFiles.leftovers), leftovers),
    writePhase(phase: RecordedPhase, signalFile: string) {
      replace(pathOf(attemptFiles.phase), phase)
      touch(signalFile)
    },
    writeExit(exit: RecordedExit, signalFile: string) {
      replace(pathOf(attemptFiles.exit), exit)
      touch(signalFile)
    },
  }
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T

function readJsonIfPresent<T>(path: string): T | undefined {
  try {
    return readJson<T>(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function replace(path: string, value: unknown): void {
  const draft = `${path}.${randomUUID()}`
  writeFileSync(draft, JSON.stringify(value), { mode: 0o600, flush: true })
  renameSync(draft, path)
}

/** `link` fails when the name exists, and the name appears with its whole content. */
function linkOnce(path: string, value: unknown): boolean {
  const draft = `${path}.${randomUUID()}`
  writeFileSync(draft, JSON.stringify(value), { mode: 0o600, flush: true })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Only makes a listing happen sooner, so a service that is gone does not matter. */
function touch(path: string): void {
  try {
    writeFileSync(path, '', { mode: 0o600 })
  } catch {
    // The directory of signals went with its service.
  }
}

function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    startTime: startTimeOf(readFileSync('/proc/self/stat', 'utf8')) ?? '',
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  }
}
