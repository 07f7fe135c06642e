import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

export type GitPlace = {
  /** A bare repository. */
  readonly directory: string
  /** `PATH`, where git and its helpers are. */
  readonly searchPath: string
}
export type GitCall = GitPlace & {
  readonly arguments: readonly string[]
  readonly input?: string
  /** Settings for this call alone, given by environment, so that secrets are in no argument list and in no file. */
  readonly settings?: Readonly<Record<string, string>>
  /** Protocols that a transport may use; none when absent. */
  readonly protocols?: 'https' | 'http'
  /** No file that it writes may grow larger; held where `prlimit` is. */
  readonly maxFileBytes?: number
  readonly signal: AbortSignal
}
export type GitProcess = ChildProcessByStdio<Writable, Readable, Readable>

/** Git said no. `message` holds its last words, without secrets. */
export class GitError extends Error {
  override readonly name = 'GitError'
}

const maxSmallOutput = 16 * 1024 * 1024
const maxErrorText = 4096

/** Runs git and gives its whole output of at most 16 MiB. Throws `GitError` with git's last words, or the signal's reason. */
export async function git(call: GitCall): Promise<Buffer> {
  const { child, ended } = startGit(call)
  child.stdin.end(call.input ?? '')
  const [output] = await Promise.all([buffer(limited(child.stdout, maxSmallOutput, child)), ended])
  return output
}

/** Starts git for reading as it goes. `ended` rejects when git fails; the process is killed with the signal. */
export function startGit(call: GitCall): { readonly child: GitProcess; readonly ended: Promise<void> } {
  const [program, ...limits] = fileLimit(call)
  const child = spawn(program, [...limits, '--git-dir', call.directory, ...call.arguments], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: a fetch has helpers, and all of them must end.
    detached: true,
    cwd: '/',
    env: environment(call),
  })
  // Git may end without reading its input; its exit code says why.
  child.stdin.on('error', () => undefined)
  return { child, ended: endOf(child, call) }
}

/** The pack of a fetch is one file, see `fetch.unpackLimit`. */
function fileLimit({ maxFileBytes }: GitCall): readonly [string, ...string[]] {
  if (maxFileBytes === undefined || !existsSync(prlimit)) return ['git']
  return [prlimit, `--fsize=${maxFileBytes}:${maxFileBytes}`, '--', 'git']
}

const prlimit = '/usr/bin/prlimit'

/** Ends git and its helpers at once; nothing when it has ended, since its number may be another's by then. */
export function killGit({ pid, exitCode, signalCode }: GitProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has ended by itself.
  }
}

async function endOf(child: GitProcess, { signal, arguments: [command] }: GitCall): Promise<void> {
  const abort = () => killGit(child)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    const words = lastWords(child.stderr)
    const code = await exitOf(child)
    signal.throwIfAborted()
    if (code !== 0) throw new GitError(`git ${command} ended with ${code}: ${await words}`)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function exitOf(child: GitProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new GitError(`git could not be started: ${error.message}`)))
    child.once('close', (code, killedBy) => resolve(code ?? killedBy ?? 'nothing'))
  })
}

async function lastWords(stderr: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stderr) text = `${text}${chunk}`.slice(-maxErrorText)
  return withoutSecrets(text.trim()).slice(-1000)
}

function withoutSecrets(text: string): string {
  return text
    .replace(/\b(?:basic|bearer|token)\s+\S+/gi, '[secret]')
    .replace(/\b(?:gh[a-z]_|github_pat_)[\w.-]+/g, '[secret]')
    .replace(/\/\/[^/@\s]*@/g, '//')
}

async function* limited(stream: Readable, limit: number, child: GitProcess): AsyncIterable<Buffer> {
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > limit) {
      killGit(child)
      throw new RangeError(`Expected at most ${limit} bytes from git, got more`)
    }
    yield chunk
  }
}

/** Nothing of the machine or of its user changes what git does, and git asks nobody anything. */
function environment({ searchPath, settings = {}, protocols }: GitCall): NodeJS.ProcessEnv {
  const all = Object.entries({ ...fixedSettings, ...settings })
  return {
    PATH: searchPath,
    LC_ALL: 'C',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_ALLOW_PROTOCOL: protocols ?? 'none',
    GIT_CONFIG_COUNT: String(all.length),
    ...Object.fromEntries(
      all.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  }
}

const fixedSettings = {
  'safe.directory': '*',
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'credential.helper': '',
  'http.followRedirects': 'false',
  'http.lowSpeedLimit': '1000',
  'http.lowSpeedTime': '30',
  'fetch.recurseSubmodules': 'false',
  'fetch.unpackLimit': '1',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'protocol.version': '2',
}
