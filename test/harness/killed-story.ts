import assert from 'node:assert/strict'
import { anInstallation, type TestInstallation } from './installation.ts'
import { killPostgres, killThrough, plannedKills, type Victim } from './kills.ts'
import { better, reachFiles, worse } from './reach.ts'
import type { TestRedis } from './redis.ts'
import { expectNothingLeft, expectOneReport, expectStartedOnce } from './rest.ts'
import { aWitness, type Witness } from './witness.ts'

type Story = { readonly main: string; readonly bad: string; readonly good: string; readonly pullRequests: readonly number[] }

/**
 * Main, a change that costs and one that gains, with so many kills at changes of state in between: everything ends as it would have,
 * and nothing ran twice.
 */
export async function liveThroughKills(
  ownSeed: number,
  count: number,
  others: readonly Victim[],
  redis: TestRedis | undefined,
): Promise<void> {
  const witness = await aWitness()
  const world = await anInstallation(redis ? { environment: { REDIS_URL: `unix:${redis.url}` } } : {})
  try {
    const story = await tell(world, witness)
    const kills = plannedKills(ownSeed, count, others)
    const done = await killThrough(world, kills, victims(world, redis), () => isOver(world, story))
    console.log(`  ${done.map(({ victim }) => victim).join(', ')}`)
    assert.ok(done.length >= count - 2, `only ${done.length} of ${count} kills found something to interrupt`)
    await expectEnd(world, story, witness)
  } catch (error) {
    throw new Error(
      `Seed ${ownSeed}; the log ends with\n${world
        .logLines()
        .slice(-15)
        .map((line) => JSON.stringify(line))
        .join('\n')}\n${world.output().slice(-1000)}`,
      { cause: error },
    )
  } finally {
    await world.end()
    witness.close()
  }
}

async function tell(world: TestInstallation, witness: Witness): Promise<Story> {
  const main = await world.push('main', reachFiles(witness.shell))
  const bad = await world.push('bad', worse, 'main')
  const good = await world.push('good', better, 'main')
  return { main, bad, good, pullRequests: [await world.openPullRequest('bad', 'Worse'), await world.openPullRequest('good', 'Better')] }
}

const victims = (world: TestInstallation, redis: TestRedis | undefined) => ({
  service: async () => {
    await world.kill()
    await world.start()
  },
  postgres: () => killPostgres(world),
  redis: async () => {
    await redis?.kill()
    await redis?.restart()
  },
})

async function isOver(world: TestInstallation, { main, bad, good }: Story): Promise<boolean> {
  for (const sha of [main, bad, good]) if ((await world.checks(sha)).some(({ status }) => status !== 'completed')) return false
  return (await world.checks(good)).length > 0
}

async function expectEnd(world: TestInstallation, { main, bad, good, pullRequests }: Story, witness: Witness): Promise<void> {
  const conclusions = []
  for (const sha of [main, bad, good]) conclusions.push((await world.conclusion(sha, 'osmo / reach', 100)).conclusion)
  assert.deepEqual(conclusions, ['success', 'failure', 'success'])
  await expectNothingLeft(world)
  await expectOneReport(world, [main, bad, good], pullRequests)
  // On main head alone, 8 times each; on a pull request both arms.
  expectStartedOnce(witness, 2 + 8 + 8 + 2 * (2 + 16 + 16))
}
