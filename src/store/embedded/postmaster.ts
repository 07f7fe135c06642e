import { execFile } from 'node:child_process'
import { readFile, readlink, realpath, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { socketPort } from './socket-directory.ts'

/** The first line of `postmaster.pid`. */
export async function readPid(data: string): Promise<number | undefined> {
  const text = await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  return pid > 1 ? pid : undefined
}

/** Is the process of the pid file this directory's server, and not somebody who got its number after a crash or a reboot? */
export async function isRunning(data: string): Promise<boolean> {
  const pid = await readPid(data)
  if (pid === undefined || !isAlive(pid)) return false
  return process.platform === 'linux'
    ? (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === (await realpath(data))
    : isNamedPostgres(pid)
}

/** PostgreSQL itself only forgives a pid file whose number nobody has. */
export async function removeStalePidFile(data: string, socketDirectory: string): Promise<void> {
  await rm(path.join(data, 'postmaster.pid'), { force: true })
  await rm(path.join(socketDirectory, `.s.PGSQL.${socketPort}.lock`), { force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function isNamedPostgres(pid: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'comm=', '-p', String(pid)], { timeout: 5000 }).catch(() => ({ stdout: '' }))
  return path.basename(stdout.trim()) === 'postgres'
}
