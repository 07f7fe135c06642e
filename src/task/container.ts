import { rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { type ContainerPlan, createArguments } from '../engine/container-arguments.ts'
import {
  type ContainerEngine,
  callEngine,
  containerName,
  directoryLabel,
  openFilesLimit,
  removeContainer,
} from '../engine/container-engine.ts'
import { type Container, startContainer } from './container-run.ts'
import { resourceLimits } from './containment.ts'
import { AttemptEnded, exitCodes } from './exits.ts'
import { type Image, prepareImage } from './image.ts'
import type { RunCommand, Runtime, RuntimeParts } from './runtime.ts'
import { spooledFile } from './spooled-file.ts'
import { handOver } from './variables.ts'

const createMs = 10 * 60_000
const inspectMs = 60_000

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
      return startContainer(parts, container, onOutput)
    },
  }
}

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
  await removeContainer(engine, name, 'ended')
  const message = `${engine.name} could not make a container of the image ${image}: ${created.words}`
  // Counts as an infrastructure failure.
  throw new AttemptEnded('backend-error', exitCodes.backendError, message)
}

/** What the container has changed in its own layer of the image. */
async function layerBytes(engine: ContainerEngine, name: string): Promise<number> {
  const args = ['inspect', '--type', 'container', '--size', '--format', '{{.SizeRw}}', name]
  const answer = await callEngine(engine, args, { timeoutMs: inspectMs })
  const bytes = answer.kind === 'done' ? Number.parseInt(answer.text, 10) : 0
  return Number.isNaN(bytes) ? 0 : bytes
}
