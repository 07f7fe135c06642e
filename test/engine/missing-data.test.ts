import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { aWorld, type World } from '../harness/world.ts'
import { chain, reach } from './specs.ts'

let world: World
afterEach(() => world.end())

const reading = (input: string) => chain().replace('inputs: []', `inputs: [${input}]`)

describe('Data that is not there', () => {
  it('keeps a spec from running when this version could not fetch or store it, on the lines that ask for it', async () => {
    world = await aWorld()
    const text = chain().replace('inputs: []', 'inputs: [{url: s3://team/data}], outputs: [{url: s3://team/out}]')
    const sha = await world.push('main', { [reach]: text })
    const config = await world.check(sha, 'osmo / config')
    assert.equal(config.conclusion, 'failure')
    assert.deepEqual(
      config.annotations.map(({ line, message }) => [line, message.split(' yet')[0]]),
      [
        [6, 'This version cannot fetch s3://team/data for task train'],
        [6, 'This version cannot store the output of task train at s3://team/out'],
      ],
    )
    assert.equal(world.checks(sha).get('osmo / reach'), undefined)
    assert.deepEqual(world.machine.started, [])
  })

  it('of a required spec is a check that asks for action', async () => {
    world = await aWorld()
    await world.push('main', { [reach]: chain(), '.osmo/config.yaml': 'required: [reach]\n' })
    const { sha } = await world.openPullRequest('next', { [reach]: reading('{url: s3://team/data}') })
    const check = await world.check(sha, 'osmo / reach')
    assert.equal(check.conclusion, 'action_required')
    assert.match(`${check.title} ${check.summary}`, /cannot fetch s3/)
  })

  for (const input of ['nowhere-99:train', 'reach-1:nobody', 'reach-1:evaluate'])
    it(`fails the task that reads ${input}, which nobody stored`, async () => {
      world = await aWorld()
      world.machine.behaviours.set('evaluate', () => ({ exitCode: 1 }))
      await world.check(await world.push('main', { [reach]: chain() }), 'osmo / reach')
      const sha = await world.push('main', { [reach]: reading(`{task: "${input}"}`) })
      const check = await world.check(sha, 'osmo / reach')
      assert.equal(check.conclusion, 'failure')
      const [workflow, task] = input.split(':')
      assert.match(check.summary, new RegExp(`expected the stored output of task ${task} of workflow ${workflow}`))
      assert.deepEqual(world.machine.started, ['reach-1/train#0', 'reach-1/evaluate#0'], 'nothing of the second run')
    })

  it('is no fault of a task whose input is there', async () => {
    world = await aWorld()
    await world.check(await world.push('main', { [reach]: chain() }), 'osmo / reach')
    const sha = await world.push('main', { [reach]: reading('{task: "reach-1:train"}') })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
  })
})
