import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { aWorld, type World } from '../harness/world.ts'
import { chain, reach } from './specs.ts'

let world: World
afterEach(() => world.end())

describe('osmo / config', () => {
  it('marks the line of the resource that no pool suits', async () => {
    world = await aWorld()
    const text = chain().replace('  tasks:', '  resources:\n    default: {cpu: 1}\n    large: {platform: h100}\n  tasks:')
    const sha = await world.push('main', { [reach]: text.replace('name: evaluate,', 'name: evaluate, resource: large,') })
    const config = await world.check(sha, 'osmo / config')
    assert.equal(config.conclusion, 'failure')
    const line = text.split('\n').findIndex((one) => one.includes('large:')) + 1
    assert.deepEqual(
      config.annotations.map(({ file, code, line: at, column }) => [file, code, at, column]),
      [[reach, 'semantic/placement', line, 5]],
    )
  })

  it('marks the line of the task that asks for more than its platform allows', async () => {
    world = await aWorld()
    const text = chain().replace('name: evaluate,', 'name: evaluate, privileged: true,')
    const config = await world.check(await world.push('main', { [reach]: text }), 'osmo / config')
    const line = text.split('\n').findIndex((one) => one.includes('evaluate')) + 1
    assert.deepEqual(
      config.annotations.map(({ code, line: at }) => [code, at]),
      [['semantic/placement', line]],
    )
  })

  it('names settings that nobody reads because of their name, and runs the rest', async () => {
    world = await aWorld()
    const sha = await world.push('main', { [reach]: chain(), '.osmo/config.yml': 'required: [reach]\n' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
    const config = await world.check(sha, 'osmo / config')
    assert.equal(config.conclusion, 'failure')
    assert.deepEqual(
      config.annotations.map(({ file, code }) => [file, code]),
      [['.osmo/config.yml', 'semantic/settings-name']],
    )
    assert.match(config.summary, /Rename this file to config\.yaml/)
  })

  it('lets nobody be judged by settings of the base branch that cannot be read', async () => {
    world = await aWorld()
    await world.push('main', { [reach]: chain('on: {pull_request: {}}\n'), '.osmo/config.yml': 'required: [reach]\n' })
    const { sha } = await world.openPullRequest('next', { 'a.txt': '1' })
    const config = await world.check(sha, 'osmo / config')
    assert.equal(config.conclusion, 'failure')
    assert.match(config.summary, /On the base branch.*config\.yaml only/)
    assert.deepEqual(world.machine.started, [])
  })
})
