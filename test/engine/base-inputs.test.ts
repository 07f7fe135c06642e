import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBaseInputs } from '../../src/engine/base-inputs.ts'
import type { BaseInputs } from '../../src/engine/ports.ts'
import { CommitSha, WorkflowId } from '../../src/workflow/names.ts'
import { aWorkflow } from '../web/builders.ts'

const mergeBase = CommitSha('b'.repeat(40))
const main = WorkflowId('00000000-0000-4000-8000-0000000000aa')
const compare = { pairs: 8, warmup: 0, seed: 1, base: 'run' } as const

/** What main does of a task: it is to be pushed, runs, has ended. */
type Stage = 'announced' | 'running' | 'stored'

/**
 * A comparison that reads `train` and `render` of main, whose stage moves on as told: `stage` is asked once for each answer, with how many
 * were given before it.
 */
function comparison(stage: (task: string, answered: number) => Stage) {
  const view = aWorkflow({
    provenance: { baseSha: mergeBase },
    tasks: {
      evaluate: {
        group: 'evaluate',
        baseInputsState: 'awaited',
        template: {
          compare,
          inputs: [
            { kind: 'task', task: 'train' },
            { kind: 'task', task: 'render' },
          ],
        },
      },
    },
  })
  const saved: BaseInputs[] = []
  let answered = 0
  const is = (task: string, wanted: Stage) => stage(task, answered++) === wanted
  const producer = { id: main, displayId: 'nav-eval-1' }
  const made = (task: string) => ({ reference: { workflow: main, task, attempt: 0 }, displayId: 'nav-eval-1', sha: mergeBase })
  const deps = {
    views: {
      workflow: async () => view,
      liveProducers: async (_: number, __: string, ___: CommitSha, task: string) => (is(task, 'running') ? [producer] : []),
      trustedOutputs: async (_: number, __: string, ___: readonly CommitSha[], task: string) => (is(task, 'stored') ? [made(task)] : []),
    },
    deliveries: { anyWaitingFor: async () => is('train', 'announced') },
    workflows: {
      saveBaseInputs: async (_: WorkflowId, __: string, base: BaseInputs) => void saved.push(base),
      yieldSlot: async () => undefined,
      post: async () => undefined,
    },
    mirror: { ancestors: async () => [] },
    outbox: { add: async () => undefined },
    baseRuns: { ensure: () => Promise.reject(new Error('Nothing need run at the merge base: main runs it')) },
    kick: () => undefined,
    wakeWorkflow: () => undefined,
  }
  const { settle } = createBaseInputs(deps as unknown as Parameters<typeof createBaseInputs>[0])
  return { settle: () => settle(view.workflow.id, 'evaluate', AbortSignal.timeout(5000)), saved }
}

/** Five answers make a search. */
const moments = [0, 1, 2, 3, 4, 5]

describe('A comparison that looks for what main makes', () => {
  for (const opens of moments)
    for (const ends of moments.filter((moment) => moment >= opens))
      it(`misses nothing when main's run opens after ${opens} answers and ends after ${ends}`, async () => {
        const { settle, saved } = comparison((_, answered) => (answered < opens ? 'announced' : answered < ends ? 'running' : 'stored'))
        const outcome = await settle()
        const answers = saved.map(({ kind }) => kind).filter((kind) => kind !== 'awaited')
        assert.deepEqual(answers, outcome === 'settled' ? ['found'] : [])
      })

  for (const ends of moments)
    it(`waits for a run that has made one of its inputs and makes the other, which ends after ${ends} answers`, async () => {
      const { settle, saved } = comparison((task, answered) => (task === 'train' || answered >= ends ? 'stored' : 'running'))
      const outcome = await settle()
      assert.deepEqual([outcome, saved[0]?.kind], ends < 5 ? ['settled', 'found'] : ['waiting', 'awaited'])
    })

  it('waits for a push that nobody has handled yet', async () => {
    const { settle, saved } = comparison(() => 'announced')
    assert.equal(await settle(), 'waiting')
    assert.deepEqual(saved, [])
  })
})
