import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { expectNothingLeft } from '../harness/rest.ts'

/** The real demo, its database, its GitHub and its service killed while a real policy is trained: both verdicts come all the same. */
const main = new URL('../../src/main.ts', import.meta.url).pathname
const directory = mkdtempSync(join(tmpdir(), 'osmo-demo-kill-'))
let output = ''
let service: ChildProcess = start()

after(async () => {
  if (service.exitCode !== null || service.signalCode !== null) service = start()
  await end('SIGINT')
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})

it('reaches both verdicts after kill -9 of PostgreSQL, of the stand-in for GitHub, and of the service in the middle of it', {
  timeout: 280_000,
}, async () => {
  await until('main trains', () => changes().some(({ task, to }) => task === 'train' && to === 'RUNNING'), 120)
  process.kill(Number(read('postgres/data/postmaster.pid').split('\n')[0]), 'SIGKILL')
  process.kill((JSON.parse(read('github/ready.json')) as { readonly pid: number }).pid, 'SIGKILL')
  for (const words of ['PostgreSQL is gone', 'The GitHub stand-in is gone'])
    await until(words, () => read('osmo-runner.log').includes(words), 30)
  const before = changes().length
  await until('something new', () => changes().length > before, 120)
  await end('SIGKILL')
  service = start()
  await until('both verdicts', () => output.includes('Both verdicts are in'), 240)
  assert.match(output, /#1 {2}failure/)
  assert.match(output, /#2 {2}success/)
  assert.match(output, /pages +http:\/\/127\.0\.0\.1:\d+\/\?token=\S+\n\nServing until Ctrl-C/)
  assert.deepEqual(
    changes().filter(({ attempt }) => attempt !== 0),
    [],
    'nothing was run again',
  )
  await expectNothingLeft({ directory })
})

function start(): ChildProcess {
  const child = spawn(process.execPath, [main, '--data', directory], {
    env: { PATH: process.env.PATH, HOME: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return child
}

function end(signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    service.once('exit', () => resolve())
    service.kill(signal)
  })
}

async function until(what: string, holds: () => boolean, seconds: number): Promise<void> {
  const deadline = Date.now() + 1000 * seconds
  while (!holds()) {
    if (Date.now() > deadline || service.exitCode !== null) assert.fail(`Expected ${what} within ${seconds} s, got:\n${output}`)
    await sleep(50)
  }
}

type Change = { readonly task: string; readonly to: string; readonly attempt: number }

function changes(): readonly Change[] {
  return read('osmo-runner.log')
    .split('\n')
    .flatMap((line) => (line.includes('"msg":"state"') ? [JSON.parse(line) as Change] : []))
}

const read = (name: string) => {
  const file = join(directory, name)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
