import type { LocalRuntime, TaskRuntime } from '../../engine/local-attempt.ts'
import { probeEngine } from './engine-probe.ts'
import { probeBubblewrap } from './probe.ts'

export type RuntimeWish = {
  /** Undefined: bubblewrap where it works, else plain processes. */
  readonly runtime: LocalRuntime | undefined
  readonly environment: Readonly<Record<string, string>>
  readonly directory: string
  readonly log: (message: string) => void
}

/** Tries what was asked for; throws with what was tried and what came back when it does not work here. */
export async function chosenRuntime({ runtime, environment, directory, log }: RuntimeWish): Promise<TaskRuntime> {
  if (runtime === 'process') return { kind: 'process' }
  if (runtime === 'docker' || runtime === 'podman') {
    const probe = await probeEngine(runtime, environment, directory)
    if (probe.kind === 'works') return { kind: 'container', engine: probe.engine }
    throw unusable(runtime, probe.reason)
  }
  const probe = await probeBubblewrap()
  if (probe.kind === 'works') return { kind: 'bubblewrap' }
  if (runtime === 'bubblewrap') throw unusable(runtime, probe.reason)
  log(`Tasks run as plain processes, trusted code only: ${probe.reason}`)
  return { kind: 'process' }
}

const unusable = (runtime: LocalRuntime, reason: string) => new Error(`The configuration asks for the runtime ${runtime}, but ${reason}`)
