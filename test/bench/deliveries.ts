import { randomBytes, randomUUID } from 'node:crypto'
import { latencies, type Result } from './figures.ts'
import { offer } from './load.ts'
import { until, type World } from './world.ts'

export type DeliveriesScale = { readonly ratePerSecond: number; readonly seconds: number }

const bodyBytes = 10_240
const variants = 50
/** Of the pool that webhooks are saved through, so that both sides have as many. */
const connections = 8

/**
 * Webhooks accepted while the worker works on them. Each is a forced push to the default branch of a repository
 * without `.osmo`: it is translated, the sender's permission is asked of the GitHub stand-in, the tree is known, and an empty submission is
 * saved with its report. (What a push that is not forced changed, the stand-in finds out with several runs of git, which would measure that.)
 */
export async function benchDeliveries(world: World, { ratePerSecond, seconds }: DeliveriesScale): Promise<Result> {
  const run = randomUUID().slice(0, 8)
  const bodies = await pushBodies(world)
  const inserts = { kind: 'inserts', ratePerSecond, seconds: seconds / 2, bodies, connection: world.connection, connections } as const
  // Before and after, since what else the machine does changes with time.
  const before = await offer({ ...inserts, run: `${run}a` })
  // A service that has just started compiles its code while it runs; that is over within seconds and not what is asked here.
  const deliveries = { kind: 'deliveries', ratePerSecond, bodies, ...world.webhook } as const
  const warmup = await offer({ ...deliveries, seconds: Math.min(2, seconds), run: `${run}w` })
  await allProcessed(world, `${run}w`, warmup.sent)
  const accepted = await offer({ ...deliveries, seconds, run })
  const atEnd = await counted(world, run)
  const drainStart = performance.now()
  const { saved, processed } = await allProcessed(world, run, accepted.sent)
  const drainSeconds = (performance.now() - drainStart) / 1000
  const after = await offer({ ...inserts, run: `${run}b` })
  return {
    figures: latencies(`delivery accepted at ${ratePerSecond}/s`, 'a 10 KB row inserted', accepted.latencies, [
      ...before.latencies,
      ...after.latencies,
    ]),
    notes: [
      `deliveries: ${accepted.sent} sent in ${seconds} s, ${accepted.sent - accepted.failures} answered 202, ${saved} rows, ${processed} processed`,
      `deliveries: ${atEnd.processed} were processed while they came in (${Math.round(atEnd.processed / seconds)}/s), the rest ${drainSeconds.toFixed(1)} s later`,
    ],
    lost: accepted.sent - Math.min(saved, processed, accepted.sent - accepted.failures),
  }
}

type Counted = { readonly saved: number; readonly processed: number }

async function counted({ pool }: World, run: string): Promise<Counted> {
  const { rows } = await pool.query<Counted>(
    `select count(*)::int as saved, count(*) filter (where state = 'processed')::int as processed from delivery where guid like $1`,
    [`bench-${run}-%`],
  )
  return rows[0] ?? { saved: 0, processed: 0 }
}

/** What does not come to an end in time counts as lost. */
async function allProcessed(world: World, run: string, sent: number): Promise<Counted> {
  const isDone = ({ processed }: Counted) => processed === sent
  try {
    return await until(
      'all deliveries to be processed',
      60 + sent / 20,
      async () => {
        const now = await counted(world, run)
        return isDone(now) ? now : undefined
      },
      500,
    )
  } catch {
    return counted(world, run)
  }
}

/** Real pushes, filled up with commits to the size that GitHub's have. */
async function pushBodies(world: World): Promise<readonly string[]> {
  await world.commit({ 'README.md': 'a robot' })
  const push = JSON.parse(await world.commit({ 'README.md': 'a better robot' })) as { readonly commits?: readonly object[] }
  return Array.from({ length: variants }, () => filledUp(push))
}

function filledUp(push: { readonly commits?: readonly object[] }): string {
  const commits = [...(push.commits ?? [])]
  let body = JSON.stringify({ ...push, commits })
  while (body.length < bodyBytes) {
    const id = randomBytes(20).toString('hex')
    commits.push({
      id,
      message: `Change ${id.slice(0, 7)}`,
      added: [],
      removed: [],
      modified: [`src/${randomBytes(12).toString('hex')}.py`],
    })
    body = JSON.stringify({ ...push, forced: true, commits })
  }
  return body
}
