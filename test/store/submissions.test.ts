import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { createStore, type Store } from '../../src/store/store.ts'
import { aDatabase, type TestDatabase } from '../harness/postgres.ts'
import {
  aGroup,
  aPlan,
  aProvenance,
  aPullRequest,
  aSubmission,
  aTask,
  aTemplate,
  finish,
  foldOf,
  opened,
  reference,
  twoSteps,
} from './plans.ts'

describe('Submissions', () => {
  let database: TestDatabase
  let store: Store
  before(async () => {
    database = await aDatabase()
    store = database.store
  })
  const eventsOf = async (id: string) =>
    (await database.pool.query('select event from event where workflow_id = $1 order by id', [id])).rows.map(({ event }) => event)

  it('opens a workflow once, however often it is submitted', async () => {
    const submission = aSubmission([aPlan({ name: 'once' })])
    const first = await store.submissions.open(submission)
    const second = await store.submissions.open(submission)
    assert.equal(first.opened.length, 1)
    assert.deepEqual([second.opened, second.existing], [[], first.opened])
    assert.deepEqual((await store.submissions.get(second.id))?.workflows, first.opened)
  })

  it('opens a workflow once when two processes submit it at the same time', async () => {
    const submission = aSubmission([aPlan({ name: 'race' }), aPlan({ name: 'race' })])
    const other = createStore(database.anotherPool())
    const results = await Promise.all([store, other, store, other].map((each) => each.submissions.open(submission)))
    assert.equal(results.flatMap((result) => result.opened).length, 2)
    assert.equal(results.flatMap((result) => result.existing).length, 6)
  })

  it('counts display ids per name, without holes or doubles under concurrency', async () => {
    const other = createStore(database.anotherPool())
    const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => opened(index % 2 ? store : other, aPlan({ name: 'counted' }))))
    const names = await Promise.all(ids.map(async (id) => (await store.views.workflow(id))?.workflow.displayId))
    assert.deepEqual(new Set(names), new Set(Array.from({ length: 20 }, (_, index) => `counted-${index + 1}`)))
    assert.equal(await store.views.byDisplayId('counted-7'), ids[names.indexOf('counted-7')])
  })

  it('asks for the first reports in the same transaction', async () => {
    await database.pool.query('delete from outbox')
    const { id, opened } = await store.submissions.open(aSubmission([aPlan()]))
    const effects = (await store.outbox.claim('reports', 10, 30)).map(({ effect }) => effect)
    assert.deepEqual(new Set(effects.map((effect) => effect.kind)), new Set(['workflow', 'config-report']))
    assert.deepEqual(
      effects.find((effect) => effect.kind === 'config-report'),
      { kind: 'config-report', submission: id },
    )
    assert.equal(effects.find((effect) => effect.kind === 'workflow')?.workflow, opened[0])
  })

  it('finds the newest change of a pull request, as it was', async () => {
    const provenance = aPullRequest(40, 'c')
    const skipped = [{ spec: 'old', reason: 'Not changed', required: 'optional', conclusion: 'skipped' }] as const
    await store.submissions.open(aSubmission([], { provenance }))
    const { id } = await store.submissions.open(aSubmission([], { provenance, moves: 'nothing', skipped, notes: ['a note'] }))
    await store.submissions.open(aSubmission([], { provenance, purpose: 'command' }))
    const found = await store.submissions.newestOf(7, 40)
    assert.deepEqual(
      [found?.id, found?.moves, found?.provenance, found?.skipped, found?.notes, found?.configCheckRunId],
      [id, 'nothing', provenance, skipped, ['a note'], undefined],
    )
    assert.equal(await store.submissions.newestOf(7, 41), undefined)
  })

  it('says whose code a head is by who pushed it last, and not by who labelled it', async () => {
    const provenance = aPullRequest(42, 'c')
    await store.submissions.open(aSubmission([], { provenance, moves: 'nothing' }))
    assert.equal(await store.submissions.originOf(7, 42, provenance.sha), undefined)
    await store.submissions.open(aSubmission([], { provenance }))
    await store.submissions.open(aSubmission([], { provenance: { ...provenance, origin: 'untrusted' }, moves: 'nothing' }))
    assert.equal(await store.submissions.originOf(7, 42, provenance.sha), 'trusted')
  })

  it('takes turns for one pull request, so that who asks whether it stands sees what was opened before', async () => {
    const other = createStore(database.anotherPool())
    const [first, second] = ['c', 'd'].map((head) => aSubmission([aPlan({ provenance: aPullRequest(43, head) })]))
    const reached = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const order: string[] = []
    const one = store.submissions.openIf(first!, async () => {
      reached.resolve()
      await gate.promise
      order.push('first')
      return { kind: 'current' }
    })
    await reached.promise
    const two = other.submissions.openIf(second!, async () => {
      order.push('second')
      return { kind: 'current' }
    })
    const shut = other.submissions.close(7, 43, async () => order.includes('first'))
    gate.resolve()
    assert.deepEqual([(await one)?.opened.length, (await two)?.opened.length, await shut], [1, 1, 'closed'])
    assert.deepEqual(order, ['first', 'second'])
    assert.equal(await store.submissions.openIf(first!, async () => ({ kind: 'gone' })), undefined)
  })

  it('replaces what PostgreSQL cannot keep in text that strangers wrote', async () => {
    const provenance = aProvenance({ actor: 'a\0b', headRef: 'half \ud83e', ref: 'refs/heads/\0' })
    const { id } = await store.submissions.open(aSubmission([aPlan({ provenance, notices: ['\\u0000 stays, \0 goes'] })]))
    const view = await store.submissions.get(id)
    assert.equal(view?.provenance.actor, 'a\uFFFDb')
    assert.equal(view?.provenance.headRef, 'half \uFFFD')
    assert.deepEqual(view?.plans[0]?.notices, ['\\u0000 stays, \uFFFD goes'])
  })

  it('is admitted at once without a limit, and waits in line behind one that holds the only place', async () => {
    const limited = () => opened(store, aPlan({ concurrency: { key: 'limited', limit: 1, cancelInProgress: 'never' } }))
    const [free, first, second] = [await opened(store, aPlan()), await limited(), await limited()]
    assert.deepEqual(await eventsOf(free), [{ kind: 'workflow-admitted' }])
    assert.deepEqual(await eventsOf(first), [{ kind: 'workflow-admitted' }])
    assert.deepEqual(await eventsOf(second), [])
    assert.equal((await store.views.workflow(second))?.workflow.slot, 'waiting')
  })

  describe('a newer commit of a pull request', () => {
    const concurrency = (key: string, cancelInProgress: 'never' | 'own-ref' | 'any-ref') => ({ key, limit: undefined, cancelInProgress })
    const cancelled = async (id: string) => (await eventsOf(id)).some(({ kind }) => kind === 'cancel-requested')

    it('cancels the run of the older head, and says which run took over', async () => {
      const old = await opened(store, aPlan({ provenance: aPullRequest(1, 'a'), concurrency: concurrency('pr 1', 'own-ref') }))
      const newer = await opened(store, aPlan({ provenance: aPullRequest(1, 'c'), concurrency: concurrency('pr 1', 'own-ref') }))
      const displayId = (await store.views.workflow(newer))?.workflow.displayId
      assert.deepEqual((await eventsOf(old)).at(-1), {
        kind: 'cancel-requested',
        by: 'osmo-runner',
        reason: `superseded by ${displayId}`,
        cause: 'head-moved',
      })
    })

    it('leaves a running one alone without cancel-in-progress', async () => {
      const plan = { concurrency: concurrency('pr 2', 'never'), groups: [aGroup(aTask('arm'))] }
      const running = await opened(store, aPlan({ ...plan, provenance: aPullRequest(2, 'a') }))
      await database.pool.query('update workflow set started_at = 1 where id = $1', [running])
      const unstarted = await opened(store, aPlan({ ...plan, provenance: aPullRequest(2, 'c') }))
      await opened(store, aPlan({ ...plan, provenance: aPullRequest(2, 'd') }))
      assert.deepEqual([await cancelled(running), await cancelled(unstarted)], [false, true])
    })

    it('does not cancel another spec of the same commit, nor another pull request', async () => {
      const sibling = await opened(store, aPlan({ provenance: aPullRequest(3, 'a'), concurrency: concurrency('shared', 'own-ref') }))
      await opened(store, aPlan({ spec: 'other', provenance: aPullRequest(3, 'a'), concurrency: concurrency('shared', 'own-ref') }))
      await opened(store, aPlan({ provenance: aPullRequest(4, 'c'), concurrency: concurrency('elsewhere', 'own-ref') }))
      assert.equal(await cancelled(sibling), false)
    })

    for (const [cancelInProgress, ends] of [
      ['own-ref', false],
      ['any-ref', true],
    ] as const)
      it(`in a group with others ${ends ? 'ends' : 'lets'} the branch's own run with ${cancelInProgress}`, async () => {
        const main = await opened(store, aPlan({ concurrency: concurrency(cancelInProgress, 'never') }))
        await opened(store, aPlan({ provenance: aPullRequest(6, 'c'), concurrency: concurrency(cancelInProgress, cancelInProgress) }))
        assert.equal(await cancelled(main), ends)
      })
  })

  describe('a rerun of what failed', () => {
    it('takes over finished tasks: they are born completed, nobody waits for them, and their files are the old ones', async () => {
      const old = await opened(store, aPlan())
      await foldOf(store, old)
      await finish(store, reference(old, 'train'))
      const again = await opened(store, rerunOf(old))
      const view = await store.views.workflow(again)
      const [train, evaluate] = view?.tasks ?? []
      assert.equal(train?.state.status, 'COMPLETED')
      assert.deepEqual(train?.outputs, reference(old, 'train'))
      assert.deepEqual(evaluate?.waitsFor, [])
      assert.deepEqual(view?.workflow.counts, { groups: 2, running: 0, finished: { COMPLETED: 1 } })
      assert.equal((await store.views.workflow(old))?.rerunBy, again)
      await foldOf(store, again)
      assert.deepEqual((await store.dispatch.order(reference(again, 'evaluate')))?.inputs, [reference(old, 'train')])
    })

    it('leads through a rerun of a rerun to where the files are', async () => {
      const old = await opened(store, aPlan())
      await foldOf(store, old)
      await finish(store, reference(old, 'train'))
      const second = await opened(store, rerunOf(old))
      const third = await opened(store, rerunOf(second))
      await foldOf(store, third)
      assert.deepEqual((await store.dispatch.order(reference(third, 'evaluate')))?.inputs, [reference(old, 'train')])
    })

    const rerunOf = (workflow: Parameters<typeof reference>[0]) => {
      const [train, evaluate] = twoSteps()
      return aPlan({ rerunOf: workflow, groups: [{ ...train!, tasks: [aTask('train', { reuse: { workflow, attempt: 0 } })] }, evaluate!] })
    }
  })

  it('asks an index which check speaks of a commit, which may have been pushed thousands of times', async () => {
    const client = await database.pool.connect()
    await client.query('set enable_seqscan = off')
    const { rows } = await client.query(`explain select config_check_run_id from submission
      where repository_id = 1 and sha = 'a' and config_check_run_id is not null order by ordinal desc limit 1`)
    client.release(true)
    assert.match(JSON.stringify(rows), /Index Scan using submission_config_check/)
  })

  it('opens five thousand tasks in a few statements', async () => {
    const groups = Array.from({ length: 5000 }, (_, index) =>
      aGroup(aTask(`task-${index}`, { template: aTemplate({ command: ['echo', String(index)] }) })),
    )
    const id = await opened(store, aPlan({ groups }))
    const { rows } = await database.pool.query('select count(*)::int as count from task where workflow_id = $1', [id])
    assert.equal(rows[0].count, 5000)
  })
})
