import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { aWorld, type World } from '../harness/world.ts'
import { reach, spec, task } from './specs.ts'

let world: World
afterEach(() => world.end())

const user = '.osmo/use.yaml'
const usesReach = `on: [push, pull_request]\nworkflow:\n  name: use\n  tasks:\n    - {name: use, image: i, command: ["{{ latest['reach'] }}"]}\n`
const gated = spec(
  [task('train')],
  'on: {push: {paths: [policy]}}\nbenchmarks:\n  - {task: train, path: e.json, metrics: {score: {gate: true, min: 50, direction: higher}}}\n',
)

async function aRepository(): Promise<void> {
  world = await aWorld()
  world.github.commit('main', { [reach]: gated, [user]: usesReach })
  world.github.branches.set('release', world.github.head('main'))
}

/** Pushes a policy that scores so much. */
async function train(branch: string, score: number): Promise<string> {
  world.machine.behaviours.set('train', () => ({ files: { 'e.json': JSON.stringify({ score }) } }))
  return (await world.check(await world.push(branch, { policy: `${branch} ${score}` }), 'osmo / reach')).conclusion
}

/** What the task of `use` was told. */
function told(): readonly string[] {
  return [...world.machine.pods.values()].flatMap(({ order }) => (order.reference.task === 'use' ? order.command : []))
}

describe("latest['SPEC']", () => {
  it('is the newest run of the default branch whose check is green, for a push', async () => {
    await aRepository()
    assert.deepEqual([await train('main', 90), await train('main', 1)], ['success', 'failure'])
    await train('release', 90)
    await world.check(await world.push('main', { 'README.md': 'x' }), 'osmo / use')
    assert.equal(told().at(-1), 'reach-1')
  })

  it("is that of a pull request's own base branch", async () => {
    await aRepository()
    await train('release', 90)
    await train('main', 90)
    await world.check((await world.openPullRequest('next', { 'a.txt': '1' }, { base: 'release' })).sha, 'osmo / use')
    assert.equal(told().at(-1), 'reach-1')
    await world.check((await world.openPullRequest('other', { 'b.txt': '1' })).sha, 'osmo / use')
    assert.equal(told().at(-1), 'reach-2')
  })
})
