import { specText, taskText } from '../harness/specs.ts'
import { type Figure, median, type Result } from './figures.ts'
import type { Floors } from './floors.ts'
import { until, type World } from './world.ts'

export type HopScale = { readonly tasks: number; readonly chains: number }

/** A chain of tasks that do nothing, each the input of the next: what one more task costs beyond its own time. */
export async function benchHop(world: World, floors: Floors, { tasks, chains }: HopScale): Promise<Result> {
  const overheads: number[] = []
  const raw: number[] = []
  const parts: Parts[] = []
  for (let chain = 0; chain < chains; chain++) {
    const body = await world.commit({ '.osmo/bench-hop.yaml': chainOf(tasks), 'README.md': `chain ${chain}` })
    await world.post(body)
    const timed = await timesOf(world, body, tasks)
    overheads.push((timed.totalMs - timed.taskMs) / tasks)
    parts.push(timed.parts)
    for (let task = 0; task < tasks; task++) raw.push((await floors.supervisor()) + (await floors.commit()))
  }
  await world.commit({ '.osmo/bench-hop.yaml': null })
  const figure: Figure = {
    name: `one hop of a chain of ${tasks} tasks`,
    unit: 'ms',
    ours: median(overheads),
    raw: median(raw),
    floor: `a Node process that starts ${floors.sandboxWords} + a commit`,
  }
  return { figures: [figure], notes: [notesOf(parts)], lost: 0 }
}

function chainOf(tasks: number): string {
  const name = (index: number) => (index === 0 ? 'work' : `step-${index}`)
  const more = Array.from({ length: tasks - 1 }, (_, index) => taskText(name(index + 1), 'true', [name(index)]))
  return specText({ name: 'bench-hop', script: 'true', sections: 'on: push', tasks: more.join('\n') })
}

/** Of one hop, medians in milliseconds. */
type Parts = { readonly exitToDispatch: number; readonly dispatchToStart: number; readonly task: number }
type Timed = { readonly totalMs: number; readonly taskMs: number; readonly parts: Parts }
type Row = {
  readonly opened: number
  readonly finished: number
  readonly tasks: readonly { readonly dispatched: number; readonly started: number; readonly finished: number }[]
}

async function timesOf({ pool }: World, body: string, tasks: number): Promise<Timed> {
  const { after } = JSON.parse(body) as { readonly after: string }
  const {
    opened,
    finished,
    tasks: all,
  } = await until('a chain to finish', 30 + 10 * tasks, async () => {
    const { rows } = await pool.query<Row>(
      `select w.opened_at::float8 as opened, w.finished_at::float8 as finished, jsonb_agg(jsonb_build_object('dispatched', a.dispatched_at,
         'started', a.state -> 'startedAt', 'finished', a.state -> 'finishedAt') order by a.dispatched_at) as tasks
       from workflow w join attempt a on a.workflow_id = w.id where w.sha = $1 and w.finished_at is not null group by w.id`,
      [after],
    )
    return rows[0]
  })
  if (all.length !== tasks) throw new Error(`Expected ${tasks} attempts, got ${all.length}`)
  const exitToDispatch = median(all.slice(1).map((task, index) => task.dispatched - (all[index]?.finished ?? opened)))
  const dispatchToStart = median(all.map((task) => task.started - task.dispatched))
  const lengths = all.map((task) => task.finished - task.started)
  return {
    totalMs: finished - opened,
    taskMs: lengths.reduce((sum, length) => sum + length, 0),
    parts: { exitToDispatch, dispatchToStart, task: median(lengths) },
  }
}

function notesOf(parts: readonly Parts[]): string {
  const of = (pick: (one: Parts) => number) => median(parts.map(pick)).toFixed(0)
  return `hop: from one task's end to the next one's dispatch ${of((one) => one.exitToDispatch)} ms, from there to its start ${of((one) => one.dispatchToStart)} ms; a task itself, upload included, took ${of((one) => one.task)} ms (medians)`
}
