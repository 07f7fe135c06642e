import { it } from 'node:test'
import { liveThroughKills } from '../harness/killed-story.ts'
import { redisIsMissing, startRedis } from '../harness/redis.ts'

const seed = Number(process.env.OSMO_TEST_SEED ?? Date.now() % 1_000_000)
const skip = redisIsMissing()

it(`kill -9 of the service, of PostgreSQL and of Redis loses nothing and does nothing twice (seed ${seed})`, {
  timeout: 280_000,
  skip,
}, async () => {
  const redis = await startRedis()
  try {
    await liveThroughKills(seed, 8, ['postgres', 'redis', 'redis'], redis)
  } finally {
    await redis.stop()
  }
})
