import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { seedDemo } from '../../src/demo/seed.ts'
import { createTwinAdmin } from '../../src/demo/twin-admin.ts'
import { type Stage, startStage } from '../github-twin/harness.ts'

const adminToken = 'an-admin-token-of-this-test'
let stage: Stage
before(async () => {
  stage = await startStage({ adminToken })
})
after(() => stage.close())

/** The machine's git, which writes down how it is called. */
function notingGit(): { readonly searchPath: string; readonly calls: () => string } {
  const directory = join(stage.directory, 'bin')
  const calls = join(stage.directory, 'calls')
  mkdirSync(directory)
  writeFileSync(calls, '')
  const program = join(directory, 'git')
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$*" >> '${calls}'\nPATH="\${PATH#*:}" exec git "$@"\n`)
  chmodSync(program, 0o755)
  return { searchPath: `${directory}:${process.env.PATH}`, calls: () => readFileSync(calls, 'utf8') }
}

it('the demo is pushed without its token in any list of processes, and again changes nothing', async () => {
  const said: string[] = []
  const { searchPath, calls } = notingGit()
  const admin = createTwinAdmin(stage.twin.url, adminToken)
  const template = join(import.meta.dirname, '..', '..', 'templates', 'robot-arm')
  const seed = () => seedDemo({ template, gitUrl: stage.twin.url, admin, searchPath, say: (line) => said.push(line) })
  const demo = await seed()
  assert.equal(demo.pullRequests.length, 2)
  assert.deepEqual(
    said.map((line) => line.split(' ')[0]),
    ['pushed', 'opened', 'opened'],
  )
  said.length = 0
  assert.deepEqual(await seed(), demo)
  assert.equal(said.filter((line) => line.includes('is there already')).length, 3, said.join('\n'))
  const { token } = await admin<{ readonly token: string }>('createUser', { login: 'mara' })
  assert.match(calls(), /push/)
  for (const secret of [token, Buffer.from(`mara:${token}`).toString('base64')]) assert.ok(!calls().includes(secret), calls())
})
