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

  it('marks all that does not suit at once, and the first task beyond the limit', async () => {
    world = await aWorld()
    const tasks = Array.from(
      { length: 401 },
      (_, index) => `    - {name: t${index}, image: i, command: [x]${index === 7 ? ', privileged: true' : ''}}\n`,
    )
    const text = `workflow:\n  name: many\n  tasks:\n${tasks.join('')}`
    const sha = await world.push('main', { [reach]: text })
    const config = await world.check(sha, 'osmo / config')
    assert.deepEqual(
      config.annotations.map(({ code, line }) => [code, line]).sort(([, a], [, b]) => Number(a) - Number(b)),
      [
        ['semantic/placement', 11],
        ['semantic/placement', 404],
      ],
    )
    assert.deepEqual(world.machine.started, [])
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

  for (const [what, mode] of [
    ['a symbolic link', '120000'],
    ['a submodule', '160000'],
    ['a file', '100644'],
  ] as const)
    it(`fails where .osmo is ${what} and no folder, so that nobody wonders why nothing runs`, async () => {
      world = await aWorld()
      await world.push('main', { [reach]: chain() })
      world.github.reader.specFiles = async () => [{ path: '.osmo', mode, bytes: 5, text: undefined }]
      const config = await world.check(await world.push('topic', { 'a.txt': '1' }), 'osmo / config')
      assert.equal(config.conclusion, 'failure')
      assert.match(config.summary, new RegExp(`Expected a folder of specs, but \\.osmo is ${what}`))
    })

  it('of the first push of the default branch says that every file counts, and its title that there is something to read', async () => {
    world = await aWorld()
    const { title, summary, conclusion } = await world.check(await world.push('main', { [reach]: chain() }), 'osmo / config')
    assert.deepEqual(
      [title, summary, conclusion],
      ['1 note', 'This push continues no earlier one, so every file counts as changed.', 'success'],
    )
    world.github.reader.changedPaths = async () => 'unknown'
    const later = await world.check(await world.push('main', { 'a.txt': '1' }), 'osmo / config')
    assert.match(later.summary, /^Not every changed file is known for this change/)
  })

  it('is written anew by its "Re-run" button, with specs as they are read now, and what ran is left alone', async () => {
    world = await aWorld()
    const sha = await world.push('main', { [reach]: chain(), '.osmo/bad.yaml': 'workflow: [' })
    await world.check(sha, 'osmo / reach')
    const { id } = await world.check(sha, 'osmo / config')
    const { specFiles } = world.github.reader
    world.github.reader.specFiles = async (...given) => (await specFiles(...given)).filter(({ path }) => path === reach)
    await world.rerequest(id, 'sam')
    assert.equal((await world.check(sha, 'osmo / config')).conclusion, 'failure')
    await world.rerequest(id)
    await world.until('it is green', async () => (await world.check(sha, 'osmo / config')).conclusion === 'success')
    assert.equal((await world.check(sha, 'osmo / config')).id, id)
    assert.equal((await world.store.views.list({}, 10)).length, 1)
  })

  it("of a pull request keeps the code's origin, whoever clicks", async () => {
    world = await aWorld('heard', ['trusted'])
    await world.push('main', { 'README.md': 'x' })
    const { sha } = await world.openPullRequest('next', { [reach]: chain(), '.osmo/bad.yaml': 'workflow: [' }, { as: 'sam' })
    const { id } = await world.check(sha, 'osmo / config')
    await world.rerequest(id, 'mara')
    await world.settle()
    const submissions = await world.database.pool.query(`select provenance ->> 'origin' as origin from submission where sha = $1`, [sha])
    assert.deepEqual(submissions.rows, [{ origin: 'untrusted' }, { origin: 'untrusted' }])
    assert.deepEqual(world.machine.started, [])
  })

  it('of a commit that its branch has left behind is left as it is', async () => {
    world = await aWorld()
    const sha = await world.push('main', { '.osmo/bad.yaml': 'workflow: [' })
    const { id } = await world.check(sha, 'osmo / config')
    await world.push('main', { '.osmo/bad.yaml': '', [reach]: chain() })
    await world.rerequest(id)
    await world.settle()
    assert.equal((await world.database.pool.query('select from submission where sha = $1', [sha])).rows.length, 1)
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
