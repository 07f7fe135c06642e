import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { BenchmarkRun } from '../../src/benchmark/types.ts'
import type { Store } from '../../src/store/store.ts'
import type { WorkflowId } from '../../src/workflow/names.ts'
import { aDatabase, type TestDatabase } from '../harness/postgres.ts'
import { aGroup, aPlan, aProvenance, aPullRequest, aSubmission, aTask, finish, foldOf, opened, reference, sha } from './plans.ts'

describe('Views', () => {
  let database: TestDatabase
  let store: Store
  beforeEach(async () => {
    database = await aDatabase()
    store = database.store
  })
  const trained = async (plan = aPlan()) => {
    const id = await opened(store, plan)
    await foldOf(store, id)
    await finish(store, reference(id, 'train'))
    return id
  }

  it('shows a workflow as it was planned, with its tasks in order', async () => {
    const plan = aPlan({ notices: ['a notice'], required: true })
    const id = await opened(store, plan)
    const view = await store.views.workflow(id)
    const { groups: _, ...stored } = plan
    assert.deepEqual(view?.plan, stored)
    assert.deepEqual(view?.workflow.provenance, plan.provenance)
    assert.deepEqual(
      view?.tasks.map(({ name, group, waitsFor, attempts }) => [name, group, waitsFor, attempts]),
      [
        ['train', 'train-group', [], []],
        ['evaluate', 'evaluate-group', ['train-group'], []],
      ],
    )
    assert.deepEqual([view?.status, view?.checkRunId, view?.rerunBy], ['PENDING', undefined, undefined])
    assert.equal(await store.views.workflow('00000000-0000-4000-8000-000000000000' as WorkflowId), undefined)
  })

  it('lists newest first, by repository, pull request, commit and time', async () => {
    const main = await opened(store, aPlan())
    const pull = await opened(store, aPlan({ provenance: aPullRequest(5, 'c') }))
    const foreign = await opened(store, aPlan({ provenance: aProvenance({ repositoryId: 8, repository: 'other/one' }) }))
    const ids = async (filter: Parameters<Store['views']['list']>[0]) => (await store.views.list(filter, 10)).map(({ id }) => id)
    assert.deepEqual(await ids({}), [foreign, pull, main])
    assert.deepEqual(await ids({ repositoryId: 7 }), [pull, main])
    assert.deepEqual(await ids({ repositoryId: 7, pullRequest: 5 }), [pull])
    assert.deepEqual(await ids({ sha: sha('a') }), [foreign, main])
    assert.deepEqual(await ids({ before: 1 }), [])
  })

  it('finds a workflow and a submission by check run', async () => {
    const { id, opened } = await store.submissions.open(aSubmission([aPlan()]))
    await store.reports.saveCheck(opened[0]!, 501, 'd1')
    await store.reports.saveConfigCheck(id, 502, 'd2')
    assert.deepEqual(await store.views.byCheckRun(501), { kind: 'workflow', id: opened[0] })
    assert.deepEqual(await store.views.byCheckRun(502), { kind: 'config', submission: id })
    assert.equal(await store.views.byCheckRun(503), undefined)
    assert.equal((await store.views.workflow(opened[0]!))?.checkDigest, 'd1')
    assert.equal(await store.reports.configDigest(id), 'd2')
  })

  it('remembers the one comment of a pull request', async () => {
    assert.equal(await store.reports.comment(7, 5), undefined)
    await store.reports.saveComment(7, 5, 9_007_199_254, 'd1')
    await store.reports.saveComment(7, 5, 9_007_199_254, 'd2')
    assert.deepEqual(await store.reports.comment(7, 5), { commentId: 9_007_199_254, digest: 'd2' })
  })

  it('shows the newest run of each spec at the newest head of a pull request, one that a push had opened too', async () => {
    const plan = (spec: string, head: string) => aPlan({ spec, provenance: aPullRequest(5, head) })
    await opened(store, plan('eval', 'c'))
    const pushed = aPlan({ spec: 'train', provenance: aProvenance({ sha: sha('d'), ref: 'refs/heads/topic', defaultBranch: false }) })
    const train = await opened(store, pushed)
    const evaluated = plan('eval', 'd')
    const {
      opened: [evaluation],
    } = await store.submissions.open(aSubmission([evaluated, pushed], { provenance: evaluated.provenance }))
    const views = async () => (await store.views.latestOfPullRequest(7, 5)).map(({ workflow }) => workflow.id)
    assert.deepEqual(await views(), [evaluation, train])
    const rerun = await opened(store, { ...plan('eval', 'd'), rerunOf: evaluation })
    assert.deepEqual(await views(), [rerun, train])
    assert.deepEqual(
      (await store.views.latestOfCommit(7, sha('d'))).map(({ id }) => id),
      [rerun, train],
    )
  })

  describe('where a base arm comes from', () => {
    it('offers completed tasks of trusted workflows, nearest commit and newest run first', async () => {
      const at = (digit: string, change = {}) => aPlan({ provenance: aProvenance({ sha: sha(digit), ...change }) })
      const far = await trained(at('1'))
      const near = await trained(at('2'))
      const newer = await trained(at('2'))
      await trained(at('2', { origin: 'untrusted' }))
      await trained({ ...at('2'), values: 'special' })
      const offered = await store.views.trustedOutputs(7, 'nav-eval', [sha('2'), sha('1')], 'train')
      assert.deepEqual(
        offered.map(({ reference }) => reference),
        [reference(newer, 'train'), reference(near, 'train'), reference(far, 'train')],
      )
      assert.deepEqual(await store.views.trustedOutputs(7, 'nav-eval', [sha('2')], 'evaluate'), [])
    })

    it('names workflows in which the task may still complete', async () => {
      const id = await opened(store, aPlan())
      await opened(store, aPlan({ values: 'special' }))
      const producers = async () => (await store.views.liveProducers(7, 'nav-eval', sha('a'), 'train')).map((one) => one.id)
      assert.deepEqual(await producers(), [id])
      await foldOf(store, id)
      await finish(store, reference(id, 'train'))
      assert.deepEqual(await producers(), [])
    })

    it('names who waits for one', async () => {
      const id = await opened(store, aPlan({ groups: [{ ...aGroup(aTask('evaluate')), baseInputs: 'awaited' }] }))
      assert.deepEqual(await store.views.awaitingBase(7, 'nav-eval'), [{ workflow: id, group: 'evaluate-group' }])
      assert.deepEqual(await store.views.awaitingBase(7, 'another'), [])
    })
  })

  describe('samples', () => {
    const run = (arm: 'base' | 'head', value: number): BenchmarkRun => ({
      arm,
      pair: 0,
      files: [
        {
          path: 'result.json',
          parsed: {
            kind: 'measured',
            format: 'plain',
            measurements: [{ metric: 'm', unit: 'ms', direction: 'lower', value: { kind: 'samples', samples: [value] } }],
            warnings: [],
          },
        },
      ],
    })

    it('belong to the current attempt', async () => {
      const id = await trained()
      await store.samples.save(reference(id, 'train', 1), 'speed', [run('head', 9)])
      await store.samples.save(reference(id, 'train'), 'speed', [run('head', 1)])
      await store.samples.save(reference(id, 'train'), 'speed', [run('head', 2)])
      assert.deepEqual(await store.samples.ofWorkflow(id), [{ task: 'train', attempt: 0, benchmark: 'speed', runs: [run('head', 2)] }])
    })

    it('make history on the default branch, oldest first, heads only', async () => {
      for (const value of [1, 2, 3]) {
        const id = await trained()
        await store.samples.save(reference(id, 'train'), 'speed', [run('base', 100), run('head', value)])
      }
      const pull = await trained(aPlan({ provenance: aPullRequest(5, 'c') }))
      await store.samples.save(reference(pull, 'train'), 'speed', [run('head', 50)])
      assert.deepEqual(await store.samples.history(pull, 'speed', 2), [[run('head', 2)], [run('head', 3)]])
    })

    it('what was opened later is no history, and a run of the default branch is its own', async () => {
      const ids = [await trained(), await trained(), await trained()]
      for (const [index, id] of ids.entries()) await store.samples.save(reference(id, 'train'), 'speed', [run('head', index)])
      const [, second] = ids
      assert.ok(second)
      assert.deepEqual(await store.samples.history(second, 'speed', 5), [[run('head', 0)], [run('head', 1)]])
    })
  })

  it('keeps a record of who did what', async () => {
    await store.audit.record({ repositoryId: 7, actor: 'ada', action: 'rerun', subject: 'nav-eval-1', outcome: 'denied', detail: 'a\0b' })
    const { rows } = await database.pool.query('select actor, outcome, detail from audit')
    assert.deepEqual(rows, [{ actor: 'ada', outcome: 'denied', detail: 'a\uFFFDb' }])
  })
})
