import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

const programs = ['redis-server', 'valkey-server']

/** For `skip` of a test: why there is no Redis here, or false. With `CI=true` a missing server is an error instead. */
export function redisIsMissing(): string | false {
  if (program()) return false
  const reason = `no ${programs.join(' or ')} on this machine: apt-get install redis-server`
  if (process.env.CI === 'true') throw new Error(reason)
  return reason
}

export type TestRedis = {
  /** The path of its socket, as `createRedisQueue` takes it. */
  readonly url: string
  /** `kill -9`. */
  kill(): Promise<void>
  /** Starts again, empty. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A real server on a Unix socket in a directory of its own, without persistence. */
export async function startRedis(settings: Readonly<Record<string, string>> = {}): Promise<TestRedis> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'osmo-redis-'))
  const url = path.join(directory, 'redis.sock')
  let child = await launch(directory, url, settings)
  process.once('exit', () => child.kill('SIGKILL'))
  return {
    url,
    kill: () => end(child, 'SIGKILL'),
    restart: async () => {
      child = await launch(directory, url, settings)
    },
    stop: async () => {
      await end(child, 'SIGTERM')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const program = () => programs.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0)

async function launch(directory: string, socket: string, settings: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const all = { port: '0', unixsocket: socket, dir: directory, save: '', appendonly: 'no', daemonize: 'no', ...settings }
  const options = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(program() ?? 'redis-server', options, { stdio: 'ignore' })
  await answers(socket, child)
  return child
}

async function answers(socket: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 20_000
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with code ${child.exitCode}`)
    if (await ping(socket)) return
    await sleep(20)
  }
  throw new Error('redis-server did not answer within 20 s')
}

async function ping(socket: string): Promise<boolean> {
  const client = new Redis(socket, { lazyConnect: true, retryStrategy: () => null })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    client.disconnect()
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await gone
}
