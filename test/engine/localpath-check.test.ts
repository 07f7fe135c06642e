import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { aWorld, type World } from '../harness/world.ts'
import { chain, reach } from './specs.ts'

let world: World
afterEach(() => world.end())

const naming = (localpath: string) => chain().replace('name: evaluate,', `name: evaluate, files: [{path: /a, localpath: ${localpath}}],`)
const lineOf = (text: string) => text.split('\n').findIndex((line) => line.includes('localpath')) + 1

describe('localpath at a commit', () => {
  const refused: readonly (readonly [
    title: string,
    localpath: string,
    files: Readonly<Record<string, string>>,
    code: string,
    says: RegExp,
  ])[] = [
    ['that is not there', '../nothere.py', {}, 'semantic/missing-localpath', /"\.\.\/nothere\.py", but there is none/],
    ['that is too large', '../sim/a', { 'sim/a': 'x'.repeat(2 ** 20 + 1) }, 'limit/localpath', /"sim\/a" has 1048577/],
    ['with a file that is too large', '../sim', { 'sim/b': 'x'.repeat(2 ** 20 + 1) }, 'limit/localpath', /"sim\/b" has 1048577/],
  ]
  for (const [title, localpath, files, code, says] of refused) {
    it(`${title} fails osmo / config on its line, and nothing runs`, async () => {
      world = await aWorld()
      const text = naming(localpath)
      const sha = await world.push('main', { [reach]: text, '.osmo/other.yaml': chain().replace('name: reach', 'name: other'), ...files })
      const { conclusion, annotations } = await world.check(sha, 'osmo / config')
      assert.equal(conclusion, 'failure')
      assert.deepEqual(
        annotations.map((one) => [one.file, one.line, one.severity, one.code]),
        [[reach, lineOf(text), 'error', code]],
      )
      assert.match(annotations[0]?.message ?? '', says)
      assert.equal((await world.check(sha, 'osmo / other')).conclusion, 'success')
      assert.equal(world.checks(sha).has('osmo / reach'), false)
    })
  }

  for (const [localpath, file] of [
    ['../sim/a.py', 'sim/a.py'],
    ['../sim', 'sim/b/c.py'],
  ] as const) {
    it(`that is there runs: ${localpath}`, async () => {
      world = await aWorld()
      const sha = await world.push('main', { [reach]: naming(localpath), [file]: 'x' })
      assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
      assert.deepEqual(world.checks(sha).get('osmo / config')?.annotations ?? [], [])
    })
  }

  it('that is not there makes the check of a required spec ask for action', async () => {
    world = await aWorld()
    await world.push('main', { [reach]: chain(), '.osmo/config.yaml': 'required: [reach]\n' })
    const { sha } = await world.openPullRequest('next', { [reach]: naming('../nothere.py') })
    assert.equal((await world.check(sha, 'osmo / config')).conclusion, 'failure')
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'action_required')
  })

  it('that nobody could look at is left to the start of its task', async () => {
    world = await aWorld()
    world.github.reader.entriesAt = async () => new Map()
    const sha = await world.push('main', { [reach]: naming('../sim/a.py'), 'sim/a.py': 'x' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
  })
})
