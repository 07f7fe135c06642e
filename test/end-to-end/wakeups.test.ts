import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Redis } from 'ioredis'
import { anInstallation } from '../harness/installation.ts'
import { better, reachFiles, worse } from '../harness/reach.ts'
import { redisIsMissing, startRedis } from '../harness/redis.ts'
import { expectNothingLeft, expectOneReport, expectStartedOnce } from '../harness/rest.ts'
import { aWitness } from '../harness/witness.ts'

it('a queue that is emptied again and again only makes things later', { timeout: 200_000, skip: redisIsMissing() }, async () => {
  const redis = await startRedis()
  const witness = await aWitness()
  const world = await anInstallation({ environment: { REDIS_URL: `unix:${redis.url}` } })
  const client = new Redis(redis.url)
  const emptying = setInterval(() => void client.flushall(), 300)
  try {
    const shas = [await world.push('main', reachFiles(witness.shell))]
    for (const [branch, files] of [
      ['bad', worse],
      ['good', better],
    ] as const)
      shas.push(await world.push(branch, files, 'main'))
    const pullRequests = [await world.openPullRequest('bad', 'Worse'), await world.openPullRequest('good', 'Better')]
    const conclusions = []
    for (const sha of shas) conclusions.push((await world.conclusion(sha, 'osmo / reach', 120)).conclusion)
    assert.deepEqual(conclusions, ['success', 'failure', 'success'])
    await expectNothingLeft(world)
    await expectOneReport(world, shas, pullRequests)
    expectStartedOnce(witness, 86)
  } finally {
    clearInterval(emptying)
    client.disconnect()
    await world.end()
    witness.close()
    await redis.stop()
  }
})
