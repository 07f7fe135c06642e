import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { Submission } from '../../src/engine/ports.ts'
import { aWorld, type World } from '../harness/world.ts'
import { compared, reach, scores } from './specs.ts'

let world: World
afterEach(() => world.end())

/** `train` is run at the merge base; main itself runs the spec only where it is asked to. */
const asked = (branches = 'release') => compared().replace('seed: 1}', 'seed: 1, base: run}').replace('[main]', `[${branches}]`)

async function aRepository(spec = asked()): Promise<World> {
  const made = await aWorld()
  made.machine.behaviours.set('evaluate', scores(50, 80))
  await made.push('main', { [reach]: spec })
  return made
}

const summary = (sha: string) => world.checks(sha).get('osmo / reach')?.summary ?? ''
const startedOf = (task: string) => world.machine.started.filter((one) => one.includes(`/${task}#`))
const baseRuns = async () => (await world.store.views.list({}, 50)).filter(({ provenance }) => provenance.event === 'base-run')

describe('compare: {base: run}', () => {
  it('runs the upstream tasks at the merge base, once for all who ask, and compares with them', async () => {
    world = await aRepository()
    let trained = false
    world.machine.behaviours.set('train', ({ order }) => (order.environment.GITHUB_EVENT_NAME === 'push' && !trained ? 'hang' : {}))
    const main = world.github.head('main')
    const first = await world.openPullRequest('one', { 'a.txt': '1' })
    const second = await world.openPullRequest('two', { 'b.txt': '1' })
    await world.until('both name the workflow that they wait for', async () => {
      const [run] = await baseRuns()
      const said = new RegExp(
        `waits for the base arm.* \`${run?.displayId}\` is making outputs of \`reach\` at merge base ${main.slice(0, 7)}`,
      )
      return [first, second].every(({ sha }) => said.test(summary(sha)))
    })
    trained = true
    for (const { sha } of [first, second]) assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
    const runs = await baseRuns()
    assert.deepEqual(
      runs.map(({ provenance: { sha, origin, ref }, status }) => [sha, origin, ref, status]),
      [[main, 'trusted', 'refs/heads/main', 'COMPLETED']],
    )
    assert.deepEqual(
      (await world.store.views.workflow(runs[0]!.id))?.tasks.map(({ name }) => name),
      ['train'],
    )
    assert.equal(startedOf('train').length, 3)
    assert.deepEqual(world.machine.arms('reach-1', 'evaluate'), { base: 8, head: 8 })
  })

  it('leaves no check on the merge base, no history, and no successful run of main behind', async () => {
    world = await aRepository()
    const main = world.github.head('main')
    const { sha } = await world.openPullRequest('one', { 'a.txt': '1' })
    await world.check(sha, 'osmo / reach')
    await world.pass(15)
    assert.deepEqual([...world.checks(main).keys()], ['osmo / config'])
    assert.deepEqual(await world.store.views.latestOfCommit(7, main), [])
    const [run] = await baseRuns()
    assert.ok(run)
    assert.deepEqual(await world.store.samples.history(run.id, 'reach', 10), [])
    const { rows } = await world.database.pool.query('select check_concluded_at from workflow where id = $1', [run.id])
    assert.notEqual(rows[0].check_concluded_at, null)
  })

  it("takes main's own outputs where there are some, or will be", async () => {
    world = await aRepository(asked('main'))
    const { sha } = await world.openPullRequest('one', { 'a.txt': '1' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
    assert.deepEqual(await baseRuns(), [])
  })

  it("runs only what main's own run has not finished", async () => {
    const text = asked('main').replace(
      'name: evaluate, image: i, command: [x], inputs: [',
      'name: evaluate, image: i, command: [x], inputs: [{task: export}, ',
    )
    const withExport = text.replace(
      '    - {name: evaluate',
      '    - {name: export, image: i, command: [x], inputs: [{task: train}]}\n    - {name: evaluate',
    )
    world = await aWorld()
    world.machine.behaviours.set('evaluate', scores(50, 80))
    world.machine.behaviours.set('export', ({ order }) => (order.displayId === 'reach-1' ? { exitCode: 1 } : {}))
    await world.check(await world.push('main', { [reach]: withExport }), 'osmo / reach')
    const { sha } = await world.openPullRequest('one', { 'a.txt': '1' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
    const [run] = await baseRuns()
    assert.deepEqual(
      world.machine.started.filter((one) => one.startsWith(`${run?.displayId}/`)),
      [`${run?.displayId}/export#0`],
    )
  })

  it('measures head alone when the base run fails, says so, and tries again when a person asks for a rerun', async () => {
    world = await aRepository()
    let broken = true
    world.machine.behaviours.set('train', ({ order }) => (broken && order.environment.GITHUB_EVENT_NAME === 'push' ? { exitCode: 4 } : {}))
    const { sha, number } = await world.openPullRequest('one', { 'a.txt': '1' })
    const check = await world.check(sha, 'osmo / reach')
    assert.equal(check.conclusion, 'neutral')
    const [run] = await baseRuns()
    assert.match(check.summary, new RegExp(`base run \`${run?.displayId}\` failed.* task \`train\` failed with exit code 4`))
    assert.match(check.summary, /`\/osmo rerun reach` tries it again/)
    await world.pushToPullRequest(number, { 'b.txt': '1' })
    assert.equal((await world.check(world.github.head('one'), 'osmo / reach')).conclusion, 'neutral')
    assert.equal((await baseRuns()).length, 1)
    broken = false
    await world.comment(number, '/osmo rerun all')
    await world.until('the rerun is green', () => isGreen(world.github.head('one')))
    assert.deepEqual((await baseRuns()).map(({ status }) => status).toSorted(), ['COMPLETED', 'FAILED'])
  })

  it('gives up after an hour, names who was late, and leaves the run to those who come later', async () => {
    world = await aRepository()
    let slow = true
    world.machine.behaviours.set('train', ({ order }) => (slow && order.environment.GITHUB_EVENT_NAME === 'push' ? 'hang' : {}))
    const { sha } = await world.openPullRequest('one', { 'a.txt': '1' })
    await world.until('it waits', async () => (await baseRuns()).length === 1)
    await world.settle()
    await world.database.pool.query('update time_travel set ms = ms + 3700000')
    const check = await world.check(sha, 'osmo / reach')
    assert.equal(check.conclusion, 'neutral')
    const [run] = await baseRuns()
    assert.match(check.summary, new RegExp(`not made within an hour; \`${run?.displayId}\` was to make them`))
    slow = false
    const later = await world.openPullRequest('two', { 'b.txt': '1' })
    assert.equal((await world.check(later.sha, 'osmo / reach')).conclusion, 'success')
    assert.equal((await baseRuns()).length, 1)
  })

  it('says why base cannot run', async () => {
    world = await aWorld()
    world.machine.behaviours.set('evaluate', scores(50, 80))
    await world.push('main', { 'README.md': 'x' })
    const { sha } = await world.openPullRequest('one', { [reach]: asked() })
    const check = await world.check(sha, 'osmo / reach')
    assert.equal(check.conclusion, 'neutral')
    assert.match(check.summary, /`reach` cannot run at the merge base [0-9a-f]{7}.* there is no such spec/)
    assert.deepEqual(await baseRuns(), [])
  })

  it('starts nothing at a commit that the base branch has lost', async () => {
    world = await aRepository()
    let held = true
    world.machine.behaviours.set('train', () => (held ? 'hang' : {}))
    const { sha } = await world.openPullRequest('one', { 'a.txt': '1' })
    await world.until('it trains', () => world.machine.running().includes('train'))
    world.github.branches.delete('main')
    world.github.commit('main', { 'c.txt': '1' })
    held = false
    const check = await world.check(sha, 'osmo / reach')
    assert.match(check.summary, /The merge base [0-9a-f]{7} is not on `main` any more/)
    assert.deepEqual(await baseRuns(), [])
  })

  it('starts nothing for a stranger, who may use what is there', async () => {
    world = await aWorld('heard', ['trusted', 'untrusted'])
    world.machine.behaviours.set('evaluate', scores(50, 80))
    await world.push('main', { [reach]: asked() })
    const stranger = await world.openPullRequest('fork', { 'a.txt': '1' }, { as: 'sam' })
    const check = await world.check(stranger.sha, 'osmo / reach')
    assert.equal(check.conclusion, 'neutral')
    assert.match(check.summary, /run only for changes of people with write permission/)
    assert.deepEqual(await baseRuns(), [])
    await world.check((await world.openPullRequest('own', { 'b.txt': '1' })).sha, 'osmo / reach')
    const again = await world.openPullRequest('fork-2', { 'c.txt': '1' }, { as: 'sam' })
    assert.equal((await world.check(again.sha, 'osmo / reach')).conclusion, 'success')
    assert.equal((await baseRuns()).length, 1)
  })

  describe('of a run with values that a person chose', () => {
    const inputs = (names: string) => `  workflow_dispatch:\n    inputs: {${names}}\n`
    const epochs = 'epochs: {type: number, default: 9, max: 99}'
    const tries = 'tries: {type: number, default: 1, max: 9}'
    const valued = (spec: string) =>
      spec
        .replace('checkout: true', `${inputs(`${epochs}, ${tries}`)}checkout: true`)
        .replace('name: train, image: i, command: [x]', "name: train, image: i, command: ['{{ epochs }}']")
        .replace('name: evaluate, image: i, command: [x]', "name: evaluate, image: i, command: ['{{ tries }}']")
        .concat('default-values: {epochs: 9, tries: 1}\n')
    const commands = new Map<string, string>()
    const ran = async (spec: string) => {
      world = await aRepository(valued(spec))
      commands.clear()
      const score = scores(50, 80)
      world.machine.behaviours.set('train', ({ order }) => {
        commands.set(order.displayId, order.command[0] ?? '')
        return {}
      })
      world.machine.behaviours.set('evaluate', score)
      const { sha, number } = await world.openPullRequest('one', { 'a.txt': '1' })
      await world.check(sha, 'osmo / reach')
      return number
    }
    const by = async (number: number, values: string) => {
      await world.comment(number, `/osmo run reach ${values}`)
      await world.until('all ended', async () => (await world.store.views.list({}, 9)).every(({ finishedAt }) => finishedAt !== undefined))
      const [row] = (await world.store.views.list({ pullRequest: number }, 9)).filter(({ provenance }) => provenance.event === 'command')
      const view = row && (await world.store.views.workflow(row.id))
      const base = view?.tasks.find(({ name }) => name === 'evaluate')?.baseInputs
      assert.ok(row && base?.kind === 'found')
      return { base, displayId: row.displayId }
    }

    it('has them too, so that both arms stand on the same; once, and for nobody else', async () => {
      const number = await ran(asked())
      const first = await by(number, 'epochs=5')
      assert.deepEqual([commands.get(first.base.workflow), commands.get(first.displayId), first.base.note], ['5', '5', undefined])
      const second = await by(number, 'epochs=5')
      assert.equal(second.base.workflow, first.base.workflow)
      assert.deepEqual(
        (await baseRuns()).map(({ status }) => status),
        ['COMPLETED', 'COMPLETED'],
      )
      const later = await world.openPullRequest('two', { 'b.txt': '1' })
      await world.check(later.sha, 'osmo / reach')
      const [row] = await world.store.views.list({ pullRequest: later.number }, 1)
      const view = row && (await world.store.views.workflow(row.id))
      const base = view?.tasks.find(({ name }) => name === 'evaluate')?.baseInputs
      assert.ok(base?.kind === 'found')
      assert.equal(commands.get(base.workflow), '9')
    })

    it('is the usual one where they reach nothing of it', async () => {
      const { base } = await by(await ran(asked()), 'tries=3')
      assert.deepEqual([commands.get(base.workflow), base.note, (await baseRuns()).length], ['9', undefined, 1])
    })

    it('without `base: run` its base arm reads what the usual values made, and says so', async () => {
      const number = await ran(asked('main').replace(', base: run', ''))
      const { base, displayId } = await by(number, 'epochs=5')
      assert.equal(base.note, 'They were made with the usual values, and not with those of this run')
      await world.until('the report says so', () =>
        [...world.github.comments.values()].some(({ body }) => body.includes('with the usual values, and not with those')),
      )
      assert.equal(commands.get(displayId), '5')
    })
  })

  it('is cancelled from the conversation of the last pull request that waits for it', async () => {
    world = await aRepository()
    world.machine.behaviours.set('train', ({ order }) => (order.environment.GITHUB_EVENT_NAME === 'push' ? 'hang' : {}))
    const first = await world.openPullRequest('one', { 'a.txt': '1' })
    const second = await world.openPullRequest('two', { 'b.txt': '1' })
    const waits = /waits for the base arm.* is making outputs/
    await world.until('both wait for it', () => [first, second].every(({ sha }) => waits.test(summary(sha))))
    const [run] = await baseRuns()
    const other = (await world.store.views.list({ pullRequest: second.number }, 1))[0]?.displayId
    await world.comment(first.number, '/osmo cancel')
    assert.equal((await world.check(first.sha, 'osmo / reach')).conclusion, 'cancelled')
    assert.deepEqual(
      world.github.answers.map(({ reaction, reply }) => [reaction, reply]),
      [['+1', `The base run \`${run?.displayId}\` goes on, since \`${other}\` of #${second.number} waits for it too.`]],
    )
    assert.equal((await baseRuns())[0]?.status, 'RUNNING')
    await world.comment(second.number, '/osmo cancel')
    assert.equal((await world.check(second.sha, 'osmo / reach')).conclusion, 'cancelled')
    await world.until('the base run has ended', async () => (await baseRuns())[0]?.status === 'FAILED_CANCELED')
    assert.equal(world.github.answers.at(-1)?.reply, undefined)
    assert.deepEqual(world.machine.running(), [])
  })

  it('is opened once though every effect is repeated and every wake-up is lost', async () => {
    world = await aWorld('lost')
    world.machine.behaviours.set('evaluate', scores(50, 80))
    await world.push('main', { [reach]: asked() })
    const { open } = world.store.submissions
    let failures = 0
    // As if the process had died after the commit and before anything that follows it.
    Object.assign(world.store.submissions, {
      open: async (submission: Submission) => {
        const result = await open(submission)
        if (submission.provenance.event === 'base-run' && failures++ < 2) throw new Error('killed')
        return result
      },
    })
    const { sha } = await world.openPullRequest('one', { 'a.txt': '1' })
    assert.equal((await world.check(sha, 'osmo / reach')).conclusion, 'success')
    assert.ok(failures > 0)
    assert.equal((await baseRuns()).length, 1)
    assert.equal(startedOf('train').length, 2)
  })
})

const isGreen = (sha: string) => {
  const state = world.checks(sha).get('osmo / reach')?.state
  return state?.status === 'completed' && state.conclusion === 'success'
}
