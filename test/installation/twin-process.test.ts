import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { createTwinAdmin } from '../../src/demo/twin-admin.ts'
import { freePort } from '../../src/installation/free-port.ts'
import { startTwinProcess, type TwinProcess } from '../../src/installation/twin-process.ts'
import { until } from '../harness/installation.ts'

const directory = mkdtempSync(join(tmpdir(), 'osmo-twin-'))
const adminToken = 'an-admin-token-of-this-test'
const warnings: string[] = []
const pid = () => (JSON.parse(readFileSync(join(directory, 'ready.json'), 'utf8')) as { readonly pid: number }).pid
let twin: TwinProcess

before(async () => {
  const app = {
    id: 1,
    slug: 'osmo-runner',
    name: 'osmo-runner',
    webhookSecret: 'a-webhook-secret-of-this-test',
    webhookUrl: 'http://127.0.0.1:9/',
  }
  const options = { directory, port: await freePort(), adminToken, pageToken: 'a-page-token-of-this-test', app }
  twin = await startTwinProcess(options, { warn: (_, message) => warnings.push(message) })
})
after(async () => {
  await twin.stop()
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})

it('one that was killed is started again, on its address and its data, and the log says so', { timeout: 60_000 }, async () => {
  const admin = createTwinAdmin(twin.url, adminToken)
  const token = () => admin<{ readonly token: string }>('createUser', { login: 'mara' }).catch(() => undefined)
  const before = await token()
  const killed = pid()
  process.kill(killed, 'SIGKILL')
  await until('another process', async () => (pid() === killed ? undefined : pid()))
  assert.deepEqual(await until('an answer', token), before)
  assert.deepEqual(warnings, ['The GitHub stand-in is gone; starting it again'])
})

it('ends when it is told to, also the one that was started again', { timeout: 60_000 }, async () => {
  const last = pid()
  await twin.stop()
  assert.equal(existsSync(`/proc/${last}/cmdline`) && readFileSync(`/proc/${last}/cmdline`, 'utf8') !== '', false)
})
