import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { createRedisQueue } from '../../src/queue/redis.ts'
import { silentLog } from '../harness/postgres.ts'
import { redisIsMissing, startRedis } from '../harness/redis.ts'
import { queueContract } from './queue.contract.ts'

const skip = redisIsMissing()

queueContract('Redis', skip, async () => {
  const redis = await startRedis()
  const client = new Redis(redis.url)
  return {
    open: () => createRedisQueue({ url: redis.url, prefix: 'test', log: silentLog }),
    empty: async () => void (await client.flushall()),
    stop: async () => {
      client.disconnect()
      await redis.stop()
    },
  }
})

describe('Redis itself', { skip }, () => {
  it('is refused when it may evict keys, with what to do', async (context) => {
    const redis = await startRedis({ maxmemory: '64mb', 'maxmemory-policy': 'allkeys-lru' })
    context.after(() => redis.stop())
    await assert.rejects(
      createRedisQueue({ url: redis.url, prefix: 'test', log: silentLog }),
      /maxmemory-policy noeviction, got allkeys-lru.*Set "maxmemory-policy noeviction"/,
    )
  })

  it('is named, without its password, when it does not answer', async () => {
    const refused = createRedisQueue({ url: 'redis://user:secret@127.0.0.1:1/0', prefix: 'test', log: silentLog })
    await assert.rejects(refused, (error: Error) => /redis:\/\/127\.0\.0\.1:1/.test(error.message) && !error.message.includes('secret'))
  })

  it('may be gone when the queue is closed', async (context) => {
    const redis = await startRedis()
    context.after(() => redis.stop())
    const queue = await createRedisQueue({ url: redis.url, prefix: 'test', log: silentLog })
    await queue.consume('delivery', 1, async () => undefined)
    await queue.probe(10)
    await redis.kill()
    await queue.close()
  })

  it('may be killed: wake-ups are lost without an error, and come through once it is back', async (context) => {
    const redis = await startRedis()
    const warnings: string[] = []
    const log = { ...silentLog, warn: (_: object, message: string) => void warnings.push(message) }
    const queue = await createRedisQueue({ url: redis.url, prefix: 'test', log })
    context.after(async () => {
      await queue.close()
      await redis.stop()
    })
    const heard = Promise.withResolvers<string>()
    await queue.consume('delivery', 1, async (id) => heard.resolve(id))
    await redis.kill()
    for (let count = 0; count < 20; count += 1) await queue.wake('delivery', 'lost')
    assert.equal(warnings.filter((message) => message.startsWith('Wake-ups could not be sent')).length, 1)
    await redis.restart()
    const again = setInterval(() => void queue.wake('delivery', 'back'), 100)
    context.after(() => clearInterval(again))
    assert.equal(await heard.promise, 'back')
  })
})
