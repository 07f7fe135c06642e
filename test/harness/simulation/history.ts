import { createStore } from '../../../src/store/store.ts'
import { createGithub } from '../world.ts'
import { type Behaviour, createMachine } from './machine.ts'
import { aReplica, type Replica } from './replica.ts'
import { clearStage, type Stage } from './stage.ts'
import type { Story } from './stories.ts'
import { type Choice, createTurns, type Life, type Moment } from './turns.ts'

/** How a history differs from the one in which nothing is disturbed. */
export type Plan = Choice & {
  readonly replicas: number
  readonly dies: (moment: Moment, label: string) => boolean
  /** Whether the world moves now, though somebody is still being answered. */
  readonly isHasty: () => boolean
  /** Whether news from the backend, or of a delivery, reaches nobody. */
  readonly isMissed: () => boolean
}
export type History = {
  readonly steps: number
  readonly changes: number
  readonly deaths: number
  /** What people see in the end, and what ran; the same in every history of one story. */
  readonly end: string
  readonly violations: readonly string[]
  /** The last calls, one a line. */
  readonly trace: readonly string[]
}

export const undisturbed: Plan = {
  replicas: 1,
  pick: () => 0,
  answers: 'at-once',
  dies: () => false,
  isHasty: () => false,
  isMissed: () => false,
}

/** In which nobody sees any progress; each is ten seconds or more of the story. */
const maxIdle = 60
const maxTurns = 60_000

/** Lives one story to its end, under this plan. Throws when it comes to no end. */
export async function live(stage: Stage, story: Story, plan: Plan): Promise<History> {
  let now = await clearStage(stage)
  const violations: string[] = []
  const trace: string[] = []
  const violation = (what: string) => void violations.push(what)
  const github = createGithub()
  const machine = createMachine(story.behaviour as Behaviour, () => now, violation)
  const outside = createStore(stage.pool)
  const turns = createTurns(plan, plan.dies, stage.sessions.isOpening, (line) => void trace.push(line))
  const acts = [...story.acts]
  let lives = 0
  let [deaths, turnsTaken, idle] = [0, 0, 0]
  const failures: unknown[] = []

  github.commit('main', { 'README.md': 'x' })
  github.commit('next', story.files, { from: 'main' })
  github.open('next', 'mara')
  const replicas = Array.from({ length: plan.replicas }, begin)
  try {
    await untilOver()
    await later()
  } finally {
    for (const replica of replicas) await drop(replica)
  }
  return { steps: turns.count.steps, changes: turns.count.changes, deaths, end: await endOf(), violations: await allViolations(), trace }

  function begin(): Replica {
    const failed = (error: unknown) => void failures.push(error)
    return aReplica(turns.begin(`r${lives++}`), { sessions: stage.sessions, machine, github, now: () => now, violation, failed })
  }

  async function untilOver(): Promise<void> {
    for (;;) {
      await turns.quiet()
      if (turns.pending() > 0 && !(plan.isHasty() && (await worldMoves()))) {
        const dead = await turns.turn()
        if (dead) await replace(dead)
      } else if (turns.pending() === 0 && turns.blocked() > 0) throw await stuck('everybody waits for a lock')
      else if (turns.pending() === 0 && !(await worldMoves())) {
        if (await isOver()) return
        await timePasses()
      }
      if (++turnsTaken > maxTurns) throw await stuck('it goes on and on')
    }
  }

  async function replace(dead: Life): Promise<void> {
    deaths++
    trace.push(`--- ${dead.name} dies`)
    const index = replicas.findIndex(({ life }) => life === dead)
    const replica = replicas[index]
    if (!replica) throw new Error('Expected one of ours')
    await drop(replica)
    replicas[index] = begin()
  }

  async function drop(replica: Replica): Promise<void> {
    turns.end(replica.life)
    replica.drop()
    await stage.sessions.rollBack(replica.life)
  }

  /** People first, in order; then one pod. Says whether anything moved. */
  async function worldMoves(): Promise<boolean> {
    if (acts[0]?.when(github, machine)) {
      await deliver()
      return true
    }
    const moves = machine.moves()
    if (moves.length === 0) return false
    trace.push('--- a pod moves')
    moves[plan.pick(moves.length)]?.()
    const sightings = await machine.list()
    for (const replica of replicas) if (!plan.isMissed()) replica.sight(sightings)
    return true
  }

  /** As the intake does: stored, then told. */
  async function deliver(): Promise<void> {
    const event = acts.shift()?.event(github)
    if (!event) return
    trace.push(`--- ${event.kind}`)
    const guid = `delivery-${acts.length}`
    await outside.deliveries.accept({ guid, event: event.kind, body: JSON.stringify(event) })
    for (const replica of replicas) if (!plan.isMissed()) replica.wake(guid)
  }

  async function isOver(): Promise<boolean> {
    if (acts.length > 0) return false
    const { rows } = await stage.pool.query<{ left: number }>(left)
    return rows[0]?.left === 0 && machine.moves().length === 0
  }

  /** To the next moment at which anything is due, then somebody looks. */
  async function timePasses(): Promise<void> {
    if (++idle > maxIdle) throw await stuck('nothing happens any more')
    const { rows } = await stage.pool.query<{ due: number | null }>(nextDue)
    const due = rows[0]?.due ?? now + 10_000
    await moveClock(due > now + 120_000 ? now + 10_000 : Math.max(due, now + 1000))
    machine.checkGangs(deaths)
    replicas[plan.pick(replicas.length)]?.sweep()
  }

  async function moveClock(to: number): Promise<void> {
    trace.push(`--- ${(to - now) / 1000} s pass`)
    now = to
    await stage.pool.query('update time_travel set ms = $1', [now])
  }

  /** Long after the end nothing comes after it: pods are forgotten by then, and nobody may miss them. */
  async function later(): Promise<void> {
    const [writes, runs] = [github.writes(), machine.started.length]
    for (let round = 0; round < 2; round++) {
      await moveClock(now + 150_000)
      for (const replica of replicas) replica.sweep()
      await untilOver()
    }
    if (machine.started.length > runs) violation('something ran after the end')
    if (github.writes() > writes) violation('GitHub was written to after the end')
  }

  async function stuck(why: string): Promise<Error> {
    const { rows } = await stage.pool.query(whatIsLeft)
    const lines = rows.map((row) => JSON.stringify(row))
    const asked = turns.asked().map((label) => `asked: ${label}`)
    return new Error([`${why}, at ${now}`, ...violations, ...lines, ...asked, ...trace.slice(-40)].join('\n'))
  }

  async function allViolations(): Promise<readonly string[]> {
    const { rows } = await stage.pool.query<{ what: string }>(`select what from violation ${leftOver}`)
    return [...new Set([...violations, ...rows.map(({ what }) => what), ...failures.map(String)])]
  }

  async function endOf(): Promise<string> {
    const { rows } = await stage.pool.query<{ line: string }>(endOfTasks)
    const checks = [...github.checks.values()].map(({ name, sha, state, title }) =>
      ['check', name, sha.slice(0, 7), state.status, state.status === 'completed' && state.conclusion, title].join(' '),
    )
    const comments = [...github.comments.values()].map(({ pullRequest, body }) => `comment on #${pullRequest}: ${timeless(body)}`)
    const answers = new Set(github.answers.map(({ commentId, reaction, reply }) => `answer to ${commentId}: ${reaction} ${reply}`))
    return [...rows.map(({ line }) => line), ...machine.started.toSorted(), ...checks.toSorted(), ...comments, ...answers].join('\n')
  }
}

/** Durations are the one thing that a death may change; there is none where the start was never seen. */
const timeless = (text: string) => text.replaceAll(/\b\d+(\.\d+)?\s?(ms|s|min|h)\b/g, '').replaceAll(/\|\s+\|/g, '| |')

/** Work that is not done. */
const left = `select (select count(*) from outbox) + (select count(*) from event) + (select count(*) from sighting where not folded)
  + (select count(*) from workflow where finished_at is null) + (select count(*) from delivery where state <> 'processed') as left`
const whatIsLeft = `select to_jsonb(o) - 'effect' as left from outbox o union all select to_jsonb(e) from event e
  union all select to_jsonb(s) from sighting s where not folded union all select to_jsonb(t) from timer t
  union all select to_jsonb(d) - 'body' from delivery d where state <> 'processed'
  union all select jsonb_build_object('workflow', display_id, 'status', status) from workflow where finished_at is null`
const nextDue = `select least((select min(greatest(due_at, coalesce(leased_until, 0))) from outbox
    where not exists (select 1 from outbox older where older.key = outbox.key and older.id < outbox.id)), (select min(due_at) from timer),
  (select min(due_at) from delivery where state <> 'processed' and failures < 8)) as due`
/** Beside what the guards saw: what lies about when all is over. */
const leftOver = `union all select 'dead effect ' || key from dead_effect
  union all select 'timer ' || kind || ' of ' || subject from timer
  union all select 'attempt still ending: ' || task || '#' || attempt from attempt where ending
  union all select 'attempt not finished: ' || task || '#' || attempt from attempt where not finished`
const endOfTasks = `select concat_ws(' ', w.display_id, w.status, t.name || '#' || a.attempt, coalesce(a.state, t.state) ->> 'status',
    coalesce(a.state, t.state) ->> 'exitCode') as line
  from workflow w join task t on t.workflow_id = w.id left join attempt a on a.workflow_id = w.id and a.task = t.name
  order by w.ordinal, t.ordinal, a.attempt`
