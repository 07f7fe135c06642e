import { rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ContainerPlan, createArguments } from '../engine/container-arguments.ts'
import {
  type ContainerEngine,
  callEngine,
  containerName,
  directoryLabel,
  openFilesLimit,
  removeContainer,
  wordsOf,
} from '../engine/container-engine.ts'
import { type CommandEnd, startCommand } from './command.ts'
import { resourceLimits } from './containment.ts'
import { AttemptEnded, exitCodes } from './exits.ts'
import { type Image, prepareImage } from './image.ts'
import type { RunCommand, Runtime, RuntimeParts, StartedRun } from './runtime.ts'
import { spooledFile } from './spooled-file.ts'
import { handOver } from './variables.ts'

const createMs = 10 * 60_000
const inspectMs = 60_000
/** An engine that has not ended a container by then will not. */
const killMs = 30_000
const killAgainMs = 100

/**
 * Runs commands in containers of the spec's image: each run in a fresh one, with OSMO's places mounted, as the attempt's own user and
 * without any rights (docs/decisions/0011-containers.md). The engine's own failures are never the command's.
 */
export function createContainerRuntime(parts: RuntimeParts, engine: ContainerEngine): Runtime {
  let image: Image | undefined
  return {
    async prepare(signal) {
      const { order, spool } = parts
      image = await prepareImage({ engine, image: order.image, note: (text) => spool.note(text), signal })
    },
    // The runner's node comes last: an image that brings one of its own means that.
    searchPath: (wanted, defaultPath) => `${wanted ?? image?.searchPath ?? defaultPath}:/osmo/bin`,
    elsewhereBytes: () => layerBytes(engine, containerName(parts.order.pod)),
    async start(run, onOutput) {
      if (image === undefined) throw new Error('Expected the image to be prepared before a command is started')
      const container: Container = { engine, name: containerName(parts.order.pod), image: parts.order.image }
      const files = await fileMounts(parts, run)
      await create(parts, container, planOf(parts, container, image, run, files), run)
      return start(parts, container, onOutput)
    },
  }
}

type Container = { readonly engine: ContainerEngine; readonly name: string; readonly image: string }

function planOf(
  parts: RuntimeParts,
  { engine, name }: Container,
  image: Image,
  run: RunCommand,
  files: ContainerPlan['mounts'],
): Omit<ContainerPlan, 'environmentArguments'> {
  const { order, settings, workspace, directory, containment } = parts
  const { memoryBytes, cpu, processes } = order.limits
  return {
    name,
    label: directoryLabel(dirname(directory)),
    image: image.id,
    command: run.command,
    user: userOf(parts, engine),
    network: order.origin === 'trusted' ? 'host' : 'none',
    mounts: [...mounts(parts), ...files],
    // Without a tree the image's own, on which its relative paths depend.
    workingDirectory: workspace.repository === undefined ? undefined : workspace.start,
    memoryBytes,
    cpu: cpu < settings.machineCpu ? cpu : undefined,
    processes: processes + initProcesses,
    sharedMemoryBytes: Math.min(memoryBytes ?? Number.POSITIVE_INFINITY, Math.floor(totalmem() / 2)),
    resourceLimits: { ...resourceLimits(order, settings, containment.cgroups), nofile: openFilesLimit() },
  }
}

const initProcesses = 1

/** Root inside is nobody's friend; only where it is the service's user outside does it own what is mounted. */
function userOf({ settings }: RuntimeParts, { rootInside }: ContainerEngine): string {
  if (settings.user !== 'same') return `${settings.user.uid}:${settings.user.uid}`
  return rootInside === 'service' ? '0:0' : `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
}

function mounts({ settings, workspace }: RuntimeParts): ContainerPlan['mounts'] {
  const own = workspace.mounted.map((mount) => ({ ...mount, access: 'read-write' as const }))
  const tools = settings.toolchains.map(({ path, source }) => ({ source, target: `/osmo/${path}`, access: 'read-only' as const }))
  return [...own, { source: settings.nodePath, target: '/osmo/bin/node', access: 'read-only' }, ...tools]
}

/** Files that lie in none of the mounted directories are mounted one by one, as OSMO does it on Kubernetes. */
async function fileMounts({ directory, workspace }: RuntimeParts, { files }: RunCommand): Promise<ContainerPlan['mounts']> {
  const place = join(directory, 'work/mounted')
  await mkdir(place, { mode: 0o711 })
  const mounts: ContainerPlan['mounts'][number][] = []
  for (const [index, { path, contents }] of files.entries()) {
    const source = join(place, String(index))
    await writeFile(source, contents, { flag: 'wx', mode: 0o700 })
    await workspace.giveFile(source)
    mounts.push({ source, target: path, access: 'read-write' })
  }
  return mounts
}

async function create(
  parts: RuntimeParts,
  { engine, name, image }: Container,
  plan: Omit<ContainerPlan, 'environmentArguments'>,
  run: RunCommand,
): Promise<void> {
  // Programs ask for the name of a user whom the image does not know.
  const handed = handOver({ USER: 'osmo', LOGNAME: 'osmo', ...run.environment }, '/proc/self/fd/3')
  const path = join(parts.directory, 'environment')
  const file = spooledFile(path, Buffer.from(handed.file))
  rmSync(path)
  const args = createArguments({ ...plan, environmentArguments: handed.arguments }, engine.held)
  const created = await callEngine(engine, args, { timeoutMs: createMs, inherited: handed.inherited, descriptors: [file] })
  if (created.kind === 'done') return
  await removeContainer(engine, name)
  throw engineFailed(`${engine.name} could not make a container of the image ${image}: ${created.words}`)
}

/** Counts as an infrastructure failure. */
const engineFailed = (message: string) => new AttemptEnded('backend-error', exitCodes.backendError, message)

function start(parts: RuntimeParts, container: Container, onOutput: (bytes: Uint8Array) => void): StartedRun {
  const { engine, name } = container
  const last = keepLast()
  const client = startCommand(
    {
      argv: [engine.program, 'start', '--attach', name],
      descriptors: [],
      reportsStatus: 'none',
      workingDirectory: '/',
      environment: engine.environment,
    },
    join(parts.directory, 'output.pipe'),
    (bytes) => {
      last.add(bytes)
      onOutput(bytes)
    },
  )
  const state: { left: State | undefined } = { left: undefined }
  let hasEnded = false
  const ended = client.ended.then(async (): Promise<CommandEnd> => {
    hasEnded = true
    await client.drain()
    state.left = await stateOf(container)
    return endOf(container, state.left, last.words())
  })

  return {
    ended,
    processGroup: client.processGroup,
    signal: (signal) => void insist(signal),
    drain: () => client.drain(),
    async endAll() {
      const reason = await removeContainer(engine, name)
      await parts.containment.killAll(client.processGroup)
      if (reason !== undefined) throw engineFailed(`${engine.name} could not remove the container ${name}: ${reason}`)
    },
    ranOutOfMemory: () => state.left?.OOMKilled === true,
  }

  /** A container that is only just starting cannot be signalled yet. */
  async function insist(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const giveUpAt = Date.now() + killMs
    while (!hasEnded && Date.now() < giveUpAt) {
      const told = await callEngine(engine, ['kill', '--signal', signal, name], { timeoutMs: killMs })
      if (told.kind === 'done') break
      await sleep(killAgainMs)
    }
    if (signal === 'SIGTERM') return
    await Promise.race([ended, sleep(killMs, undefined, { ref: false })])
    if (!hasEnded) client.signal('SIGKILL')
  }
}

/** What the container has changed in its own layer of the image. */
async function layerBytes(engine: ContainerEngine, name: string): Promise<number> {
  const args = ['inspect', '--type', 'container', '--size', '--format', '{{.SizeRw}}', name]
  const answer = await callEngine(engine, args, { timeoutMs: inspectMs })
  const bytes = answer.kind === 'done' ? Number.parseInt(answer.text, 10) : 0
  return Number.isNaN(bytes) ? 0 : bytes
}

/** Of both engines' `inspect`. */
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
  if (state === undefined)
    return { kind: 'engine-failed', message: `${engine.name} does not know any more how the container ${name} ended: ${words}` }
  if (state.StartedAt.startsWith('0001-')) {
    const reason = wordsOf(state.Error) || words
    return { kind: 'engine-failed', message: `${engine.name} could not start a container of the image ${image}: ${reason}` }
  }
  // `stopped`: podman has yet to tidy up after it.
  if (state.Status !== 'exited' && state.Status !== 'stopped')
    return {
      kind: 'engine-failed',
      message: `${engine.name} stopped watching the container ${name} while it was ${state.Status}: ${words}`,
    }
  return { kind: 'exited', code: state.ExitCode }
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
