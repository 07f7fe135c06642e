import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ContainerEngine, callEngine, removeContainer, wordsOf } from '../engine/container-engine.ts'
import { type CommandEnd, type RunningCommand, startCommand } from './command.ts'
import { AttemptEnded, exitCodes } from './exits.ts'
import type { RuntimeParts, StartedRun } from './runtime.ts'

/** `image` as the spec has it, for messages. */
export type Container = { readonly engine: ContainerEngine; readonly name: string; readonly image: string }

const inspectMs = 60_000
/** An engine that has not ended a container by then will not. */
const killMs = 30_000
const killAgainMs = 100

/** Starts a container that was created, and stays with it until it is removed. */
export function startContainer(parts: RuntimeParts, container: Container, onOutput: (bytes: Uint8Array) => void): StartedRun {
  const last = keepLast()
  const client = attach(parts, container, (bytes) => {
    last.add(bytes)
    onOutput(bytes)
  })
  const progress: Progress = { client: 'attached', state: undefined }
  const ended = client.ended.then(async () => {
    progress.client = 'gone'
    await client.drain()
    progress.state = await stateOf(container)
    return endOf(container, progress.state, last.words())
  })
  return {
    ended,
    processGroup: client.processGroup,
    signal: (signal) => void deliver(signal, { container, client, progress }),
    drain: () => client.drain(),
    endAll: () => endAll(parts, container, client, progress),
    ranOutOfMemory: () => progress.state?.OOMKilled === true,
  }
}

type Progress = { client: 'attached' | 'gone'; state: State | undefined }

function attach({ directory }: RuntimeParts, { engine, name }: Container, onOutput: (bytes: Uint8Array) => void): RunningCommand {
  const line = {
    argv: [engine.program, 'start', '--attach', name],
    descriptors: [],
    reportsStatus: 'none',
    workingDirectory: '/',
    environment: engine.environment,
  } as const
  return startCommand(line, join(directory, 'output.pipe'), onOutput)
}

function keepLast() {
  let text = Buffer.alloc(0)
  return {
    add(bytes: Uint8Array) {
      text = Buffer.concat([text, bytes]).subarray(-2000)
    },
    words: () => wordsOf(text.toString()),
  }
}

/** Of `inspect`, the same for both engines. */
type State = {
  readonly Status: string
  readonly ExitCode: number
  readonly OOMKilled: boolean
  readonly Error: string
  readonly StartedAt: string
}

async function stateOf({ engine, name }: Container): Promise<State | undefined> {
  const answer = await callEngine(engine, ['inspect', '--type', 'container', '--format', '{{json .State}}', name], { timeoutMs: inspectMs })
  return answer.kind === 'failed' ? undefined : (JSON.parse(answer.text) as State)
}

/** The engine's record decides, since its client ends with the same numbers for faults of its own and for the command's. */
function endOf({ engine, name, image }: Container, state: State | undefined, words: string): CommandEnd {
  if (state === undefined) return engineFailed(`${engine.name} does not know any more how the container ${name} ended: ${words}`)
  if (state.StartedAt.startsWith(neverStarted))
    return engineFailed(`${engine.name} could not start a container of the image ${image}: ${wordsOf(state.Error) || words}`)
  if (!hasEnded(state)) return engineFailed(`${engine.name} stopped watching the container ${name} while it was ${state.Status}: ${words}`)
  return { kind: 'exited', code: exitCodeOf(state.ExitCode, words) }
}

/** podman's first process ends with 1 when it cannot run the command, docker's as shells do; all that was printed is what it says of that. */
function exitCodeOf(code: number, words: string): number {
  const reason = code === 1 ? /^ERROR \(catatonit:\d+\): failed to exec pid1: (.*)$/.exec(words.trim())?.[1] : undefined
  if (reason === undefined) return code
  return reason.startsWith('No such file') ? 127 : 126
}

const engineFailed = (message: string) => ({ kind: 'engine-failed', message }) as const

/** The zero of Go's time. */
const neverStarted = '0001-01-01'
/** `stopped`: podman has yet to tidy up after it. */
const hasEnded = ({ Status }: State) => Status === 'exited' || Status === 'stopped'

type Delivery = { readonly container: Container; readonly client: RunningCommand; readonly progress: Progress }

/** A container that is only just starting cannot be signalled yet. An engine that does not end it is left alone with it. */
async function deliver(signal: 'SIGTERM' | 'SIGKILL', { container, client, progress }: Delivery): Promise<void> {
  const giveUpAt = Date.now() + killMs
  while (progress.client === 'attached' && Date.now() < giveUpAt) {
    const told = await callEngine(container.engine, ['kill', '--signal', signal, container.name], { timeoutMs: killMs })
    if (told.kind === 'done') break
    await sleep(killAgainMs)
  }
  if (signal === 'SIGTERM') return
  await Promise.race([client.ended, sleep(killMs, undefined, { ref: false })])
  if (progress.client === 'attached') client.signal('SIGKILL')
}

/** What has ended and cannot be removed does no harm: the next start of the backend tries again. */
async function endAll({ containment, spool }: RuntimeParts, { engine, name }: Container, client: RunningCommand, progress: Progress) {
  const isOver = progress.state !== undefined && hasEnded(progress.state)
  const reason = await removeContainer(engine, name, isOver ? 'ended' : 'any')
  await containment.killAll(client.processGroup)
  if (reason === undefined) return
  const message = `${engine.name} could not remove the container ${name}: ${reason}`
  if (!isOver) throw new AttemptEnded('backend-error', exitCodes.backendError, message)
  spool.note(`${message}.`)
}
