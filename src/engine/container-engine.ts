import { spawn } from 'node:child_process'
import { closeSync, readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'

export type EngineName = 'docker' | 'podman'

/** A container engine of this machine, spoken to through its command line. Plain JSON: it travels in an attempt's directory. */
export type ContainerEngine = {
  readonly name: EngineName
  /** Absolute path of its command. */
  readonly program: string
  /** Of the command alone, never of a task: those of `engineVariables` that are set. */
  readonly environment: Readonly<Record<string, string>>
  /** Whose files root inside writes: `root`, or with a rootless engine those of the service's own user. */
  readonly rootInside: 'root' | 'service'
  /** Limits that it can enforce here. */
  readonly held: readonly ('memory' | 'pids' | 'cpu')[]
}

/** What the commands of both engines read to find their daemon, their storage, their settings and the administrator's registry credentials. */
export const engineVariables = [
  'CONTAINERS_CONF',
  'CONTAINERS_REGISTRIES_CONF',
  'CONTAINERS_STORAGE_CONF',
  'DBUS_SESSION_BUS_ADDRESS',
  'DOCKER_CERT_PATH',
  'DOCKER_CONFIG',
  'DOCKER_CONTEXT',
  'DOCKER_HOST',
  'DOCKER_TLS_VERIFY',
  'HOME',
  'PATH',
  'REGISTRY_AUTH_FILE',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_RUNTIME_DIR',
] as const

/** The container of an attempt; one run of it after the other has this name. */
export const containerName = (pod: string) => `osmo-${pod}`
export const podOfContainer = (name: string) => name.replace(/^osmo-/, '')
/** Whose containers they are: the directory of the backend's attempts. */
export const directoryLabel = (directory: string) => `osmo-runner.directory=${directory}`

export type EngineCall = {
  readonly timeoutMs: number
  /** Ends the command; it then counts as failed. */
  readonly signal?: AbortSignal
  /** For variables that the command hands on by name. */
  readonly inherited?: Readonly<Record<string, string>>
  /** Given to the command from descriptor 3 on, and closed here. */
  readonly descriptors?: readonly number[]
  /** Its standard input; empty when absent. */
  readonly input?: Uint8Array
}
export type EngineAnswer =
  | { readonly kind: 'done'; readonly text: string }
  /** `words`: the end of what it said, at most 500 characters on one line. */
  | { readonly kind: 'failed'; readonly words: string }

/** Runs one command of the engine to its end; `text` is at most 1 MiB of its standard output. Never rejects. */
export async function callEngine(engine: ContainerEngine, args: readonly string[], call: EngineCall): Promise<EngineAnswer> {
  const { timeoutMs, signal, inherited = {}, descriptors = [], input } = call
  const { promise, resolve } = Promise.withResolvers<EngineAnswer>()
  const child = spawn(engine.program, args, {
    cwd: '/',
    env: { ...inherited, ...engine.environment },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...descriptors],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { signal }),
  })
  for (const descriptor of descriptors) closeSync(descriptor)
  const out = keepText(child.stdout, 'beginning')
  const said = keepText(child.stderr, 'end')
  // A command that fails early does not read to the end.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  child.once('error', (error) => resolve({ kind: 'failed', words: error.message }))
  child.once('close', (code) => {
    if (code === 0) resolve({ kind: 'done', text: out() })
    else resolve({ kind: 'failed', words: wordsOf(said()) || (code === null ? `it was ended after ${timeoutMs} ms` : `exit code ${code}`) })
  })
  return promise
}

const maxTextBytes = 1024 * 1024

function keepText(stream: Readable | null, which: 'beginning' | 'end'): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (part: string) => {
    text = which === 'end' ? (text + part).slice(-4000) : text.length < maxTextBytes ? text + part : text
  })
  return () => text
}

/** The end of a text on one line. */
export const wordsOf = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' | ')
    .slice(-500)

const endMs = 60_000

/** Removes a container with its volumes, ending it first if need be; one that is not there is success. Undefined when it is gone, else why not. */
export async function removeContainer(engine: ContainerEngine, name: string, which: 'ended' | 'any'): Promise<string | undefined> {
  // `rm --force` of podman would first ask a running container politely, for ten seconds.
  if (which === 'any') await callEngine(engine, ['kill', '--signal', 'KILL', name], { timeoutMs: endMs })
  const removed = await callEngine(engine, ['rm', '--force', '--volumes', name], { timeoutMs: endMs })
  if (removed.kind === 'done') return undefined
  const left = await listContainers(engine, ['--filter', `name=^${name}$`])
  return left.kind === 'failed' || left.names.length > 0 ? removed.words : undefined
}

export type ContainerList =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'failed'; readonly words: string }

/** Names of containers in any state that the filters let through. */
export async function listContainers(engine: ContainerEngine, filters: readonly string[]): Promise<ContainerList> {
  const answer = await callEngine(engine, ['ps', '--all', ...filters, '--format', '{{.Names}}'], { timeoutMs: endMs })
  if (answer.kind === 'failed') return answer
  return { kind: 'names', names: answer.text.split('\n').filter((name) => name !== '') }
}

/** The engines' own default may be more than this service may give. */
export function openFilesLimit(): number {
  const [, hard] = /^Max open files +\S+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return hard === undefined ? unlimitedFiles : Number(hard)
}

/** `fs.nr_open` of Linux, above which nobody may go. */
const unlimitedFiles = 1_048_576
