import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Random, seededRandom } from '../../src/benchmark/random.ts'
import { fold } from '../../src/workflow/fold.ts'
import type { Effect, ExitReason, Folded, Group, Slice, TaskState, TimerName, WorkflowEvent } from '../../src/workflow/state.ts'
import { aGroup, anExit, aPolicy, aSlice, aTask, only } from './builders.ts'
import { keyOf, Model } from './model.ts'

/**
 * Random workflows live through random histories: pods that are made late, news that come late, twice and out of order, timers, losses,
 * cancellations. After every fold the laws are checked; at the end the world behaves, and everything must end.
 */
const seed = Number(process.env.OSMO_TEST_SEED ?? Date.now() % 1_000_000)
const histories = 400
console.log(`seed ${seed} (OSMO_TEST_SEED)`)

it(`holds the laws of the fold over ${histories} random histories`, () => {
  for (let index = 0; index < histories; index++) within(`history ${index}`, () => new History(seededRandom(seed + index)).live())
})

it('one by one or all at once, the same events in the same order lead to the same state', () => {
  for (let index = 0; index < histories; index++)
    within(`history ${index}`, () => {
      const random = seededRandom(seed + 10_000 + index)
      const slice = randomSlice(random)
      const events = Array.from({ length: 40 }, (_, at) => randomEvent(random, slice, 1000 * (at + 1)))
      const atOnce = fold(slice, events).slice
      const oneByOne = events.reduce((before, event) => fold(before, [event]).slice, slice)
      assert.deepEqual(atOnce, oneByOne)
    })
})

it('what no event touches keeps its identity', () => {
  for (let index = 0; index < histories; index++)
    within(`history ${index}`, () => {
      const random = seededRandom(seed + 20_000 + index)
      let slice = fold(randomSlice(random), [{ kind: 'workflow-admitted', at: 1 }]).slice
      for (let at = 2; at < 40; at++) {
        const event = randomEvent(random, slice, 1000 * at)
        const after = fold(slice, [event]).slice
        for (const [name, group] of after.groups)
          if (same(group, slice.groups.get(name))) assert.equal(group, slice.groups.get(name), `${name} after ${event.kind}`)
        slice = after
      }
    })
})

function within(where: string, act: () => void): void {
  try {
    act()
  } catch (error) {
    throw new Error(`${where} of seed ${seed}`, { cause: error })
  }
}

type Pod = { readonly task: string; readonly attempt: number; running: 'yes' | 'ended' }

class History {
  readonly #random: Random
  readonly #model: Model
  readonly #pods = new Map<string, Pod>()
  readonly #created = new Set<string>()
  readonly #settledPods = new Set<string>()
  /** Everything that was ever said, so that it can be said again. */
  readonly #news: WorkflowEvent[] = []
  #undelivered: WorkflowEvent[] = []
  #unperformed: Effect[] = []
  #now = 1000

  constructor(random: Random) {
    this.#random = random
    this.#model = new Model(randomSlice(random), (before, folded, events) => this.#check(before, folded, events))
  }

  live(): void {
    this.#deliver([{ kind: 'workflow-admitted', at: this.#now }])
    for (let step = 0; step < 120; step++) this.#step()
    this.#behave()
    assert.ok(this.#model.workflow.finishedAt !== undefined, `never ended: ${JSON.stringify(this.#model.states())}`)
    for (const key of this.#created) assert.ok(this.#settledPods.has(key), `${key} was created, and neither ended nor was deleted`)
    assert.deepEqual([...this.#model.timers.keys()], [])
  }

  #step(): void {
    this.#now += Math.floor(this.#random() * 20_000)
    const dice = this.#random()
    if (dice < 0.35) this.#perform()
    else if (dice < 0.75) this.#hear()
    else if (dice < 0.85) this.#repeat()
    else if (dice < 0.93) this.#progress()
    else if (dice < 0.97) this.#model.fire(this.#now)
    else if (dice < 0.985) this.#lose()
    else if (dice < 0.988) this.#deliver([{ kind: 'cancel-requested', at: this.#now, by: 'mara', reason: 'enough' }])
  }

  /** From now on nothing is lost, and every command succeeds. */
  #behave(): void {
    for (let round = 0; round < 400 && this.#model.workflow.finishedAt === undefined; round++) {
      this.#now += 100_000
      while (this.#unperformed.length > 0) this.#perform()
      for (const pod of this.#pods.values()) this.#end(pod, 0)
      while (this.#undelivered.length > 0) this.#hear()
      for (const group of this.#model.groups.values())
        if (group.baseInputs === 'awaited') this.#deliver([{ kind: 'base-inputs-settled', at: this.#now, group: group.name }])
      if (round > 300) this.#model.fire(this.#now)
    }
    while (this.#unperformed.length > 0) this.#perform()
  }

  /** In any order; half of the time twice. */
  #perform(): void {
    const [effect] = this.#unperformed.splice(this.#pick(this.#unperformed), 1)
    if (!effect || !('attempt' in effect)) return
    const key = `${effect.task}#${effect.attempt}`
    if (effect.kind === 'create-pod' && !this.#pods.has(key)) {
      this.#pods.set(key, { task: effect.task, attempt: effect.attempt, running: 'yes' })
      this.#say({ kind: 'pod-created', at: this.#now, task: effect.task, attempt: effect.attempt })
    }
    if (effect.kind === 'delete-pod') this.#delete(key, effect)
    if (effect.kind === 'collect-benchmarks')
      this.#say({ kind: 'benchmarks-collected', at: this.#now, task: effect.task, attempt: effect.attempt })
  }

  /** What is deleted before it was made can never be made. */
  #delete(key: string, { task, attempt }: { readonly task: string; readonly attempt: number }): void {
    const pod = this.#pods.get(key)
    this.#settledPods.add(key)
    if (!pod) this.#pods.set(key, { task, attempt, running: 'ended' })
    else if (pod.running === 'yes') this.#end(pod, 143, 'canceled')
  }

  #progress(): void {
    const pod = [...this.#pods.values()][this.#pick([...this.#pods.values()])]
    if (pod?.running !== 'yes') return
    const { task, attempt } = pod
    const dice = this.#random()
    if (dice < 0.3) this.#say({ kind: 'pod-initializing', at: this.#now, task, attempt })
    else if (dice < 0.6) this.#say({ kind: 'task-started', at: this.#now, task, attempt })
    else
      this.#end(
        pod,
        [0, 0, 0, 1, 75, 10, 20][Math.floor(this.#random() * 7)] ?? 0,
        this.#random() < 0.85 ? 'completed' : randomReason(this.#random),
      )
  }

  #end(pod: Pod, exitCode: number, reason: ExitReason = 'completed'): void {
    if (pod.running === 'ended') return
    pod.running = 'ended'
    const { task, attempt } = pod
    this.#say({ kind: 'task-exited', at: this.#now, task, attempt, startedAt: this.#now - 1, exit: anExit(exitCode, { reason }) })
  }

  #lose(): void {
    const pod = [...this.#pods.values()][this.#pick([...this.#pods.values()])]
    if (pod?.running !== 'yes') return
    pod.running = 'ended'
    this.#say({ kind: 'pod-lost', at: this.#now, task: pod.task, attempt: pod.attempt, message: 'node lost' })
  }

  #say(event: WorkflowEvent): void {
    this.#news.push(event)
    this.#undelivered.push(event)
  }

  #hear(): void {
    const count = 1 + Math.floor(this.#random() * 3)
    const heard = Array.from({ length: count }, () => this.#undelivered.splice(this.#pick(this.#undelivered), 1)).flat()
    if (heard.length > 0) this.#deliver(heard)
  }

  #repeat(): void {
    const old = this.#news[this.#pick(this.#news)]
    if (old) this.#deliver([old])
  }

  #deliver(events: readonly WorkflowEvent[]): void {
    this.#model.fold(events)
    checkTimers(this.#model)
    checkCounts(this.#model)
  }

  #pick(list: readonly unknown[]): number {
    return Math.floor(this.#random() * list.length)
  }

  #check(before: Slice, { slice, effects }: Folded, events: readonly WorkflowEvent[]): void {
    this.#unperformed.push(...effects)
    for (const effect of effects) if (effect.kind === 'create-pod') this.#checkCreate(effect, before)
    for (const [old, state, name] of pairs(before, slice)) {
      if ('finishedAt' in old) assert.equal(state, old, `${name} had ended and changed`)
      if (old.status === 'COMPLETED') assert.equal(state.status, 'COMPLETED')
      assert.ok(state.attempt >= old.attempt, `${name} went back to an earlier attempt`)
      if ('finishedAt' in state && state.pod === 'exited') this.#settledPods.add(`${name}#${state.attempt}`)
    }
    if (before.workflow.finishedAt !== undefined) assert.equal(slice.workflow.finishedAt, before.workflow.finishedAt)
    if (events.length === 0) assert.equal(slice, before)
  }

  #checkCreate({ task, attempt }: Extract<Effect, { kind: 'create-pod' }>, before: Slice): void {
    const key = `${task}#${attempt}`
    assert.ok(!this.#created.has(key), `${key} was wanted twice`)
    this.#created.add(key)
    assert.equal(before.workflow.cancellation, undefined, `${key} was wanted after a cancellation`)
  }
}

function pairs(before: Slice, after: Slice): readonly (readonly [TaskState, TaskState, string])[] {
  return [...after.groups].flatMap(([name, group]) =>
    group.tasks.map((task, index) => [before.groups.get(name)!.tasks[index]!.state, task.state, task.name] as const),
  )
}

/** A timer stands for a task that lives, in its current attempt, or for a group that awaits its base arm. */
function checkTimers({ timers, groups }: Model): void {
  const tasks = [...groups.values()].flatMap((group) => group.tasks)
  const stale = [...timers.values()].filter((timer) => !isLive(timer))
  assert.deepEqual(stale.map(keyOf), [])

  function isLive({ kind, subject, attempt }: TimerName): boolean {
    if (kind === 'base-inputs') return groups.get(subject)?.baseInputs === 'awaited'
    const state = tasks.find(({ name }) => name === subject)?.state
    return state !== undefined && !('finishedAt' in state) && state.status !== 'WAITING' && state.attempt === attempt
  }
}

/** Counted anew from the tasks, and the status drawn from them as a person would. */
function checkCounts({ workflow, groups }: Model): void {
  const ends = [...groups.values()].map(endOf)
  const finished: Record<string, number> = {}
  for (const end of ends) if (end !== undefined && end !== 'running') finished[end] = (finished[end] ?? 0) + 1
  const counted = Object.fromEntries(Object.entries(workflow.counts.finished).filter(([, count]) => count > 0))
  assert.deepEqual(counted, finished)
  assert.equal(workflow.counts.running, ends.filter((end) => end === 'running').length)
  assert.equal(
    workflow.finishedAt !== undefined,
    ends.every((end) => end !== undefined && end !== 'running'),
  )
}

function endOf({ tasks, ignoreNonleadStatus }: Group): string | undefined {
  if (tasks.some(({ state }) => !('finishedAt' in state)))
    return tasks.some(({ state }) => state.status === 'RUNNING' || 'finishedAt' in state) ? 'running' : undefined
  const considered = tasks.filter(({ lead }) => lead || !ignoreNonleadStatus).map(({ state }) => state.status)
  return order.find((status) => considered.includes(status)) ?? 'COMPLETED'
}
const order = (
  'FAILED_UPSTREAM FAILED_CANCELED FAILED_SERVER_ERROR FAILED_EXEC_TIMEOUT FAILED_QUEUE_TIMEOUT FAILED_PREEMPTED FAILED_EVICTED ' +
  'FAILED_BACKEND_ERROR FAILED_IMAGE_PULL FAILED_START_ERROR FAILED_START_TIMEOUT FAILED'
).split(' ') as TaskState['status'][]

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

function randomSlice(random: Random): Slice {
  const count = 1 + Math.floor(random() * 6)
  const names = Array.from({ length: count }, (_, index) => `g${index}`)
  return aSlice(names.map((name, index) => randomGroup(random, name, names.slice(0, index))))
}

function randomGroup(random: Random, name: string, earlier: readonly string[]): Group {
  const upstream = earlier.filter(() => random() < 0.4)
  const tasks = Array.from({ length: 1 + Math.floor(random() * random() * 4) }, (_, index) =>
    randomTask(random, `${name}t${index}`, index === 0),
  )
  return aGroup(tasks, upstream, {
    name,
    ignoreNonleadStatus: random() < 0.5,
    baseInputs: tasks.length === 1 && random() < 0.2 ? 'awaited' : 'not-needed',
  })
}

const randomTask = (random: Random, name: string, lead: boolean) =>
  aTask(name, {
    lead,
    benchmarks: random() < 0.3 ? 'awaited' : 'none',
    policy: aPolicy({
      maxRetries: Math.floor(random() * 3),
      maxInfrastructureRetries: Math.floor(random() * 3),
      exitActions: { complete: only(10), fail: only(20), reschedule: random() < 0.7 ? only(75) : [] },
    }),
  })

function randomEvent(random: Random, { groups }: Slice, at: number): WorkflowEvent {
  const names = [...groups.keys()]
  const group = names[Math.floor(random() * names.length)] ?? ''
  const tasks = groups.get(group)?.tasks ?? []
  const task = tasks[Math.floor(random() * tasks.length)]?.name ?? ''
  const attempt = Math.floor(random() * random() * 3)
  const dice = random()
  if (dice < 0.15) return { kind: 'workflow-admitted', at }
  if (dice < 0.17) return { kind: 'cancel-requested', at, by: 'mara', reason: 'enough' }
  if (dice < 0.25) return { kind: 'base-inputs-settled', at, group }
  if (dice < 0.35) return { kind: 'pod-created', at, task, attempt }
  if (dice < 0.5) return { kind: 'task-started', at, task, attempt }
  if (dice < 0.55) return { kind: 'pod-lost', at, task, attempt, message: 'node lost' }
  if (dice < 0.6) return { kind: 'timer-fired', at, timer: { kind: 'run', subject: task, attempt } }
  if (dice < 0.65) return { kind: 'benchmarks-collected', at, task, attempt }
  const exitCode = [0, 0, 0, 1, 75, 10][Math.floor(random() * 6)] ?? 0
  const reason = random() < 0.9 ? 'completed' : randomReason(random)
  return { kind: 'task-exited', at, task, attempt, startedAt: undefined, exit: anExit(exitCode, { reason }) }
}

const reasons: readonly ExitReason[] = ['preempted', 'backend-error', 'interrupted', 'out-of-memory', 'exec-timeout', 'upload-failed']
const randomReason = (random: Random): ExitReason => reasons[Math.floor(random() * reasons.length)] ?? 'preempted'
