import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { gitPush } from '../harness/git-push.ts'
import { anInstallation, type TestInstallation } from '../harness/installation.ts'

let world: TestInstallation
before(async () => {
  world = await anInstallation()
})
after(() => world.end())

const hello = (script: string) =>
  `on: push\n\nworkflow:\n  name: hello\n  tasks:\n    - name: greet\n      image: busybox:1\n      command: [sh, -c]\n      args: [${JSON.stringify(script)}]\n`

it('a push of a spec ends in a green check with its task', async () => {
  const sha = await world.push('main', { '.osmo/hello.yaml': hello('echo Hello from $GITHUB_SHA') })
  const check = await world.conclusion(sha, 'osmo / hello')
  assert.equal(check.conclusion, 'success')
  assert.match(check.output.summary ?? '', /greet/)
})

it('an annotated tag runs its specs at the commit that it names', async () => {
  const text = hello('test "$(cat /osmo/repository/name)" = one')
  const sha = await gitPush(world, {
    branch: 'main',
    tag: 'v1',
    write: (directory) => {
      mkdirSync(join(directory, '.osmo'), { recursive: true })
      writeFileSync(join(directory, '.osmo', 'release.yaml'), text.replace('on: push', "on: {push: {tags: ['v*']}}\ncheckout: true"))
      writeFileSync(join(directory, 'name'), 'one')
    },
  })
  assert.equal((await world.conclusion(sha, 'osmo / release')).conclusion, 'success')
})

it('a command that fails makes a red check with its last lines', async () => {
  const sha = await world.push('main', { '.osmo/hello.yaml': hello('echo about to fail; exit 3') })
  const check = await world.conclusion(sha, 'osmo / hello')
  assert.equal(check.conclusion, 'failure')
  assert.equal(check.output.title, 'Task greet failed with exit code 3')
  assert.match(check.output.summary ?? '', /about to fail/)
})
