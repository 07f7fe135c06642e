import type { ContainerEngine } from './container-engine.ts'

/** All that decides what a command in a container sees. Sources are paths of this machine, targets paths inside. */
export type ContainerPlan = {
  readonly name: string
  readonly label: string
  readonly image: string
  readonly command: readonly string[]
  /** `uid:gid`, numbers. */
  readonly user: string
  readonly network: 'host' | 'none'
  readonly mounts: readonly { readonly source: string; readonly target: string; readonly access: 'read-only' | 'read-write' }[]
  /** Undefined: the image's own. */
  readonly workingDirectory: string | undefined
  /** Undefined: not limited, or all that the machine has. */
  readonly memoryBytes: number | undefined
  readonly cpu: number | undefined
  readonly processes: number
  /** Of `/dev/shm`. */
  readonly sharedMemoryBytes: number
  /** Soft and hard limits in the names that both engines have (`getrlimit(2)` without `RLIMIT_`). */
  readonly resourceLimits: Readonly<Record<string, number>>
  /** `--env…`: values that are secret come otherwise. */
  readonly environmentArguments: readonly string[]
}

/** Arguments of `docker create` and `podman create`, the same for both. */
export function createArguments(plan: ContainerPlan, held: ContainerEngine['held']): readonly string[] {
  return [
    ...['create', '--name', plan.name, '--label', plan.label, '--pull', 'never'],
    // What the first process of a container does not handle would not end it; with an init before it, signals end it as they do anywhere.
    '--init',
    // The attempt keeps its own log, of bounded size.
    ...['--log-driver', 'none', '--no-healthcheck'],
    ...['--user', plan.user, '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    // Directories of the machine (toolchains among them) are mounted, which SELinux would not let be read without changing their labels.
    ...['--security-opt', 'label=disable', '--network', plan.network],
    ...limits(plan, held),
    ...plan.mounts.flatMap((mount) => ['--mount', mountArgument(mount)]),
    ...(plan.workingDirectory === undefined ? [] : ['--workdir', plan.workingDirectory]),
    ...plan.environmentArguments,
    // The command replaces the image's entry point (osmo-spec.md §1.4).
    ...['--entrypoint', '', '--', plan.image, ...plan.command],
  ]
}

function limits(plan: ContainerPlan, held: ContainerEngine['held']): readonly string[] {
  const { memoryBytes, cpu, processes, sharedMemoryBytes, resourceLimits } = plan
  const memory =
    memoryBytes === undefined || !held.includes('memory') ? [] : ['--memory', `${memoryBytes}b`, '--memory-swap', `${memoryBytes}b`]
  return [
    ...memory,
    ...(cpu === undefined || !held.includes('cpu') ? [] : ['--cpus', String(cpu)]),
    ...(held.includes('pids') ? ['--pids-limit', String(processes)] : []),
    ...['--shm-size', `${sharedMemoryBytes}b`],
    ...Object.entries(resourceLimits).flatMap(([name, value]) => ['--ulimit', `${name}=${value}:${value}`]),
  ]
}

function mountArgument({ source, target, access }: ContainerPlan['mounts'][number]): string {
  const fields = ['type=bind', `source=${source}`, `target=${target}`, ...(access === 'read-only' ? ['readonly'] : [])]
  return fields.map(csvField).join(',')
}

/** Both engines read mounts as a line of CSV (RFC 4180). */
const csvField = (field: string) => (/[",\n\r]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)
