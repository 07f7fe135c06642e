import { type Backend, manifestKey, type PodOrder, type Sighting } from '../../../src/engine/ports.ts'
import type { AttemptReference, PodName } from '../../../src/workflow/names.ts'
import type { Exit } from '../../../src/workflow/state.ts'
import { readingOf } from '../stored-objects.ts'

type Pod = { readonly order: PodOrder; phase: Sighting['phase']; isCondemned: boolean }
/** Exit code of an attempt; `hang`: it runs until somebody ends it. */
export type Behaviour = (run: { readonly task: string; readonly attempt: number; readonly workflow: string }) => number | 'hang'
export type Machine = ReturnType<typeof createMachine>

/** Between the first and the last member of a gang lie at most a back-off, and with each death the lease of what was under way. */
const gangSeconds = 90

/**
 * A backend that watches whoever uses it: it outlives all engines, moves one pod at a time when it is told to, and notes what must never
 * be. Members of a gang start together, once all of them are there.
 */
export function createMachine(behaviour: Behaviour, now: () => number, violation: (what: string) => void) {
  const pods = new Map<PodName, Pod>()
  const created = new Map<PodName, { readonly order: PodOrder; readonly at: number }>()
  const deleted = new Set<PodName>()
  const acknowledged = new Set<string>()
  const started: string[] = []
  const stored = new Map<string, Uint8Array>()
  return {
    create,
    delete: remove,
    list,
    forget,
    moves,
    started,
    acknowledgeCancel,
    isRunning,
    checkGangs,
    objects: readingOf(stored),
    stored,
  }

  async function create(order: PodOrder): ReturnType<Backend['create']> {
    if (deleted.has(order.pod)) return { kind: 'refused', message: 'It was deleted' }
    const before = created.get(order.pod)
    if (before && JSON.stringify(before.order) !== JSON.stringify(order)) violation(`two different orders for ${nameOf(order)}`)
    if (before && !pods.has(order.pod)) violation(`${nameOf(order)} was created again after it had ended`)
    if (pods.has(order.pod)) return { kind: 'created' }
    if (acknowledged.has(order.reference.workflow)) violation(`${nameOf(order)} was created after its cancel had been acknowledged`)
    if ([...pods.values()].some((pod) => isLive(pod) && isSame(pod.order.reference, order.reference)))
      violation(`two live pods of ${nameOf(order)}`)
    created.set(order.pod, { order, at: before?.at ?? now() })
    pods.set(order.pod, { order, phase: { kind: 'created' }, isCondemned: false })
    return { kind: 'created' }
  }

  async function remove(name: PodName): Promise<void> {
    deleted.add(name)
    const pod = pods.get(name)
    if (pod) pod.isCondemned = true
  }

  async function list(): Promise<readonly Sighting[]> {
    return [...pods.values()].map(({ order, phase }) => ({ pod: order.pod, reference: order.reference, phase }))
  }

  async function forget(names: readonly PodName[]): Promise<void> {
    for (const name of names) {
      const pod = pods.get(name)
      if (pod && isLive(pod)) violation(`${nameOf(pod.order)} was forgotten while it ran`)
      pods.delete(name)
    }
  }

  /** What may happen next, each by itself. */
  function moves(): readonly (() => void)[] {
    return [...pods.values()].flatMap((pod) => {
      const next = moveOf(pod)
      return next ? [next] : []
    })
  }

  function moveOf(pod: Pod): (() => void) | undefined {
    if (!isLive(pod)) return undefined
    if (pod.isCondemned) return () => end(pod, { exitCode: 143, reason: 'canceled', message: 'Exit code 143', outputs: 'none' })
    if (pod.phase.kind === 'created') return membersOf(pod) && (() => membersOf(pod)?.forEach(start))
    const exitCode = behaviour({ ...pod.order.reference, workflow: pod.order.displayId })
    if (exitCode === 'hang') return undefined
    return () => end(pod, { exitCode, reason: 'completed', message: `Exit code ${exitCode}`, outputs: exitCode === 0 ? 'stored' : 'none' })
  }

  /** Those that start with it, once all are there. */
  function membersOf({ order }: Pod): readonly Pod[] | undefined {
    const { members, barrier } = order.group
    const there = [...pods.values()].filter(
      (pod) =>
        pod.order.reference.workflow === order.reference.workflow &&
        members.includes(pod.order.reference.task) &&
        pod.phase.kind === 'created' &&
        !pod.isCondemned &&
        (barrier || pod.order === order),
    )
    return there.length === (barrier ? members.length : 1) ? there : undefined
  }

  function start(pod: Pod): void {
    const name = nameOf(pod.order)
    if (started.includes(name)) violation(`${name} started twice`)
    if (acknowledged.has(pod.order.reference.workflow)) violation(`${name} started after its cancel had been acknowledged`)
    started.push(name)
    pod.phase = { kind: 'running', startedAt: now() }
  }

  function end(pod: Pod, exit: Exit): void {
    const startedAt = pod.phase.kind === 'running' ? pod.phase.startedAt : undefined
    pod.phase = { kind: 'exited', startedAt, exitedAt: now(), exit }
    if (exit.outputs === 'stored') stored.set(manifestKey(pod.order.reference), Buffer.from('{"files":[]}'))
  }

  /** People have been told that nothing of this workflow runs any more. */
  function acknowledgeCancel(workflow: string): void {
    acknowledged.add(workflow)
    for (const pod of pods.values())
      if (isLive(pod) && pod.order.reference.workflow === workflow)
        violation(`${nameOf(pod.order)} runs although its cancel is acknowledged`)
  }

  function isRunning(task: string): boolean {
    return [...pods.values()].some(({ order, phase }) => order.reference.task === task && phase.kind === 'running')
  }

  /** All or nothing: of a gang that anybody was created of, everybody is within the deadline, unless it was given up in between. */
  function checkGangs(deaths: number): void {
    for (const { order, at } of created.values()) {
      const isExcused = deleted.has(order.pod) || now() - at <= 1000 * gangSeconds * (1 + deaths)
      const { workflow, attempt } = order.reference
      for (const task of order.group.members)
        if (!isExcused && ![...created.values()].some((one) => isSame(one.order.reference, { workflow, task, attempt })))
          violation(`${task}#${attempt} of the gang of ${nameOf(order)} never came`)
    }
  }
}

const isLive = ({ phase }: Pod) => phase.kind !== 'exited' && phase.kind !== 'lost'
const nameOf = ({ displayId, reference }: PodOrder) => `${displayId}/${reference.task}#${reference.attempt}`
const isSame = (a: AttemptReference, b: AttemptReference) => a.workflow === b.workflow && a.task === b.task && a.attempt === b.attempt
