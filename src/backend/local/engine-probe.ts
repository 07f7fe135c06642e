import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, rm, writeFile } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { type ContainerPlan, createArguments } from '../../engine/container-arguments.ts'
import {
  type ContainerEngine,
  callEngine,
  directoryLabel,
  type EngineName,
  openFilesLimit,
  removeContainer,
} from '../../engine/container-engine.ts'

export type EngineProbe =
  | { readonly kind: 'works'; readonly engine: ContainerEngine }
  | { readonly kind: 'missing'; readonly reason: string }

const callMs = 30_000

/**
 * Finds the engine's command, asks the engine what it can do, and runs a container as those of tasks are: made of an empty image and this
 * machine's own programs, with a file below `directory` mounted. Nothing is left of it.
 */
export async function probeEngine(name: EngineName, environment: ContainerEngine['environment'], directory: string): Promise<EngineProbe> {
  const program = await programOf(name, environment.PATH ?? '')
  if (program === undefined)
    return { kind: 'missing', reason: `${name} is not installed: no such program in ${environment.PATH ?? 'PATH'}` }
  const engine: ContainerEngine = { name, program, environment, rootInside: 'root', held: [] }
  const asked = await callEngine(engine, ['info', '--format', '{{json .}}'], { timeoutMs: callMs })
  if (asked.kind === 'failed') return { kind: 'missing', reason: `\`${name} info\` failed: ${asked.words}` }
  const known = { ...engine, ...abilities(name, asked.text) }
  const fault = await tryContainer(known, directory)
  return fault === undefined ? { kind: 'works', engine: known } : { kind: 'missing', reason: fault }
}

async function programOf(name: string, searchPath: string): Promise<string | undefined> {
  for (const path of searchPath.split(delimiter).filter(isAbsolute)) {
    const program = join(path, name)
    if (await isThere(program, constants.X_OK)) return program
  }
  return undefined
}

type PodmanInfo = {
  readonly host: { readonly cgroupControllers?: readonly string[] | null; readonly security: { readonly rootless: boolean } }
}
type DockerInfo = {
  readonly MemoryLimit: boolean
  readonly PidsLimit: boolean
  readonly CpuCfsQuota: boolean
  readonly SecurityOptions: readonly string[] | null
}

function abilities(name: EngineName, info: string): Pick<ContainerEngine, 'rootInside' | 'held'> {
  if (name === 'podman') {
    const { host } = JSON.parse(info) as PodmanInfo
    const held = (['memory', 'pids', 'cpu'] as const).filter((controller) => host.cgroupControllers?.includes(controller))
    return { rootInside: host.security.rootless ? 'service' : 'root', held }
  }
  const { MemoryLimit, PidsLimit, CpuCfsQuota, SecurityOptions } = JSON.parse(info) as DockerInfo
  const isRootless = SecurityOptions?.some((option) => option.startsWith('name=rootless')) ?? false
  return {
    rootInside: isRootless ? 'service' : 'root',
    held: [
      ...(MemoryLimit ? (['memory'] as const) : []),
      ...(PidsLimit ? (['pids'] as const) : []),
      ...(CpuCfsQuota ? (['cpu'] as const) : []),
    ],
  }
}

/** A tar archive without entries: two blocks of zeros. */
const emptyTar = new Uint8Array(1024)

async function tryContainer(engine: ContainerEngine, directory: string): Promise<string | undefined> {
  const mark = `osmo-probe-${randomUUID()}`
  const image = `localhost/${mark}:latest`
  const place = join(directory, `.${mark}`)
  const imported = await callEngine(engine, ['import', '-', image], { timeoutMs: callMs, input: emptyTar })
  if (imported.kind === 'failed') return `\`${engine.name} import\` failed: ${imported.words}`
  try {
    await mkdir(place, { recursive: true, mode: 0o755 })
    await writeFile(join(place, 'seen'), '')
    const fault = await runTrial(engine, await trial(mark, image, place, directory))
    return fault && `${engine.name} cannot run a container that sees ${directory}: ${fault}`
  } finally {
    await removeContainer(engine, mark, 'any')
    await callEngine(engine, ['rmi', '--force', image], { timeoutMs: callMs })
    await rm(place, { recursive: true, force: true })
  }
}

async function runTrial(engine: ContainerEngine, plan: ContainerPlan): Promise<string | undefined> {
  for (const args of [createArguments(plan, engine.held), ['start', '--attach', plan.name]]) {
    const answer = await callEngine(engine, args, { timeoutMs: callMs })
    if (answer.kind === 'failed') return answer.words
  }
  return undefined
}

async function trial(name: string, image: string, place: string, directory: string): Promise<ContainerPlan> {
  const systemMounts = (await systemDirectories()).map((path) => ({ source: path, target: path, access: 'read-only' as const }))
  return {
    name,
    label: directoryLabel(directory),
    image,
    command: ['/usr/bin/test', '-e', '/osmo/seen'],
    user: '65534:65534',
    network: 'host',
    mounts: [...systemMounts, { source: place, target: '/osmo', access: 'read-only' }],
    workingDirectory: undefined,
    memoryBytes: 256 * 1024 * 1024,
    cpu: 1,
    processes: 64,
    sharedMemoryBytes: 1024 * 1024,
    resourceLimits: { core: 0, nproc: 4096, nofile: openFilesLimit() },
    environmentArguments: [],
  }
}

async function systemDirectories(): Promise<readonly string[]> {
  const found = await Promise.all(['/usr', '/bin', '/lib', '/lib64'].map(async (path) => ((await isThere(path)) ? [path] : [])))
  return found.flat()
}

const isThere = (path: string, mode = constants.F_OK) =>
  access(path, mode).then(
    () => true,
    () => false,
  )
