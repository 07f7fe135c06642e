import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { attemptFiles } from '../../src/engine/local-attempt.ts'
import { podName, type WorkflowId } from '../../src/workflow/names.ts'
import { specText } from '../harness/specs.ts'
import { latencies, median, type Result } from './figures.ts'
import type { Floors } from './floors.ts'
import { type Sent, until, type World } from './world.ts'

export type PushScale = { readonly runs: number }

/** From the webhook of a push to its first task's start, one after the other on an installation that does nothing else. */
export async function benchPush(world: World, floors: Floors, { runs }: PushScale): Promise<Result> {
  const traces: Trace[] = []
  const raw: number[] = []
  const spec = specText({ name: 'bench-push', script: 'true', sections: 'on: push' })
  // The first one warms up caches of both sides and is left out.
  for (let run = 0; run <= runs; run++) {
    const body = await world.commit({ '.osmo/bench-push.yaml': spec, 'README.md': `run ${run}` })
    const floor = (await floors.sandbox()) + (await floors.commit())
    await sleep(200)
    const trace = await traceOf(world, body, await world.post(body))
    if (run === 0) continue
    raw.push(floor)
    traces.push(trace)
  }
  await world.commit({ '.osmo/bench-push.yaml': null })
  const ours = traces.map((trace) => trace.started - trace.sent)
  return {
    figures: latencies('push to first task started', `${floors.sandboxWords} + a commit`, ours, raw),
    notes: [`push: ${pathOf(traces)} (medians)`],
    lost: 0,
  }
}

const steps = ['sent', 'saved', 'opened', 'dispatched', 'ordered', 'locked', 'started'] as const
/** Instants in milliseconds, in the order in which they come. */
type Trace = Readonly<Record<(typeof steps)[number], number>>

const words: Readonly<Record<(typeof steps)[number], string>> = {
  sent: '',
  saved: 'delivery saved',
  opened: 'read, planned and opened',
  dispatched: 'folded and dispatched',
  ordered: 'order built',
  locked: 'supervisor started',
  started: 'inputs and source tree in place',
}

function pathOf(traces: readonly Trace[]): string {
  const parts = steps.slice(1).map((step, index) => {
    const since = steps[index] ?? 'sent'
    return `${words[step]} +${median(traces.map((trace) => trace[step] - trace[since])).toFixed(0)} ms`
  })
  return parts.join(', ')
}

type Row = {
  readonly workflow: WorkflowId
  readonly task: string
  readonly saved: number
  readonly opened: number
  readonly dispatched: number
  readonly started: number
}

async function traceOf({ pool, installation }: World, body: string, { guid, at }: Sent): Promise<Trace> {
  const { after } = JSON.parse(body) as { readonly after: string }
  const row = await until('the workflow of a push to finish', 60, async () => {
    const { rows } = await pool.query<Row>(
      `select w.id as workflow, t.id as task, w.opened_at::float8 as opened, a.dispatched_at::float8 as dispatched,
         (a.state ->> 'startedAt')::float8 as started, (select received_at::float8 from delivery where guid = $2) as saved
       from workflow w join task t on t.workflow_id = w.id join attempt a on a.workflow_id = w.id
       where w.sha = $1 and w.finished_at is not null`,
      [after, guid],
    )
    return rows[0]
  })
  const directory = join(installation.directory, 'attempts', 'local', podName(row.workflow, row.task, 0))
  const { createdAt } = JSON.parse(readFileSync(join(directory, attemptFiles.record), 'utf8')) as { readonly createdAt: number }
  return { ...row, sent: at, ordered: createdAt, locked: statSync(join(directory, attemptFiles.lock)).mtimeMs }
}
