import { it } from 'node:test'
import { liveThroughKills } from '../harness/killed-story.ts'

/** Of twenty kills; `kills-redis.test.ts` has the others. The same seed kills the same at the same changes. */
const seed = Number(process.env.OSMO_TEST_SEED ?? Date.now() % 1_000_000)

it(`kill -9 of the service and of PostgreSQL loses nothing and does nothing twice (seed ${seed})`, { timeout: 280_000 }, async () => {
  await liveThroughKills(seed, 12, ['postgres'], undefined)
})
