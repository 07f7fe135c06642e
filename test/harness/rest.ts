import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { TestInstallation } from './installation.ts'
import type { Witness } from './witness.ts'

/** Each start was the first attempt of its task, and was heard once. */
export function expectStartedOnce({ heard }: Witness, count: number): void {
  const again = heard.filter((line, index) => heard.indexOf(line) !== index)
  assert.deepEqual(again, [], 'started twice')
  assert.deepEqual(
    heard.filter((line) => !line.includes('#0,')),
    [],
    'another attempt',
  )
  assert.equal(heard.length, count, heard.join('\n'))
}

/** No check hangs, no check is there twice, and each pull request has one report. */
export async function expectOneReport(world: TestInstallation, shas: readonly string[], pullRequests: readonly number[]): Promise<void> {
  for (const sha of shas) {
    const checks = await world.checks(sha)
    const names = checks.map(({ name }) => name)
    assert.ok(names.includes('osmo / reach'))
    assert.deepEqual(names, [...new Set(names)], 'a check is there twice')
    assert.deepEqual(
      checks.filter(({ status }) => status !== 'completed'),
      [],
      'a check is still open',
    )
  }
  for (const number of pullRequests) assert.equal((await world.comments(number)).length, 1, `comments of #${number}`)
}

/** What is still to be done, by table; all zero within `seconds`. */
export async function expectNothingLeft(world: Pick<TestInstallation, 'directory'>, seconds = 40): Promise<void> {
  const pool = new pg.Pool({ host: join(world.directory, 'postgres', 'run'), port: 5432, user: 'osmo', database: 'postgres', max: 1 })
  pool.on('error', () => undefined)
  try {
    const deadline = Date.now() + 1000 * seconds
    for (;;) {
      const { rows } = await pool.query<Record<string, number>>(left)
      if (Object.values(rows[0] ?? {}).every((count) => count === 0)) return
      if (Date.now() > deadline) assert.fail(`Still to do after ${seconds} s: ${JSON.stringify(rows[0])}`)
      await sleep(200)
    }
  } finally {
    await pool.end()
  }
}

const left = `select (select count(*)::int from outbox) as outbox, (select count(*)::int from timer) as timers,
  (select count(*)::int from event) as events, (select count(*)::int from sighting where not folded) as sightings,
  (select count(*)::int from attempt where not finished) as attempts, (select count(*)::int from workflow where finished_at is null) as workflows,
  (select count(*)::int from delivery where state <> 'processed') as deliveries`
