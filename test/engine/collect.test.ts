import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { ParsedFile } from '../../src/benchmark/types.ts'
import { type BenchmarkParser, type CollectDeps, collectBenchmarks, collectLimits, parseInProcess } from '../../src/engine/collect.ts'
import { judgeWorkflow } from '../../src/engine/judgement.ts'
import { outputPrefix, type WorkflowView } from '../../src/engine/ports.ts'
import { aWorld, type World } from '../harness/world.ts'
import { compared, reach, scores } from './specs.ts'

let world: World
/** On top of what the machine stored. */
const written = new Map<string, Uint8Array>()
const removed: RegExp[] = []
afterEach(() => {
  written.clear()
  removed.length = 0
  return world.end()
})

/** A pull request whose comparison has been collected once, to be collected again from what the test leaves. */
async function measured(): Promise<WorkflowView> {
  world = await aWorld()
  world.machine.behaviours.set('evaluate', scores(50, 50))
  await world.check(await world.push('main', { [reach]: compared() }), 'osmo / reach')
  const { sha } = await world.openPullRequest('next', { 'a.txt': '1' })
  await world.check(sha, 'osmo / reach')
  const [row] = await world.store.views.list({ sha }, 1)
  const view = await world.store.views.workflow(row!.id)
  assert.ok(view)
  return view
}

const evaluate = (view: WorkflowView) => ({ workflow: view.workflow.id, task: 'evaluate', attempt: 0 })
const prefixOf = (view: WorkflowView) => outputPrefix(evaluate(view))

function deps(parseBenchmark: BenchmarkParser = parseInProcess): CollectDeps {
  const { views, samples, workflows } = world.store
  return { views, samples, workflows, objects: objects(), wakeWorkflow: () => undefined, parseBenchmark }
}

function objects(): CollectDeps['objects'] {
  const { machine } = world
  const list = async (prefix: string, limit: number) => {
    const before = (await machine.objects.list(prefix, limit)).filter(
      ({ key }) => !written.has(key) && !removed.some((pattern) => pattern.test(key)),
    )
    return [...before, ...[...written].map(([key, bytes]) => ({ key, bytes: bytes.length }))]
  }
  return { ...machine.objects, list, read: async (key, limit) => written.get(key) ?? machine.objects.read(key, limit) }
}

async function collect(view: WorkflowView, parse?: BenchmarkParser) {
  await collectBenchmarks(evaluate(view), deps(parse), AbortSignal.timeout(60_000))
  const samples = await world.store.samples.ofWorkflow(view.workflow.id)
  return samples.find(({ task }) => task === 'evaluate')?.runs ?? []
}

function write(view: WorkflowView, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) written.set(`${prefixOf(view)}${path}`, Buffer.from(text))
}

const index = (base: unknown) => ({ 'runs/index.json': JSON.stringify({ version: 1, runs: [], base }) })

describe('What a comparison says of its base', () => {
  it('that it was not measured: none of its runs counts, and the reason is told', async () => {
    const view = await measured()
    write(view, index({ kind: 'unmeasured', note: 'Base could not be measured: exit code 3' }))
    const runs = await collect(view)
    assert.deepEqual([runs.filter(({ arm }) => arm === 'head').length, runs.filter(({ arm }) => arm === 'base').length], [8, 1])
    const { judgement, verdict } = await judgeWorkflow(view, world.store.samples)
    assert.notEqual(verdict, 'passed')
    assert.match(JSON.stringify(judgement), /Base could not be measured: exit code 3/)
    assert.doesNotMatch(JSON.stringify(judgement), /"base":"measured"/)
  })

  const broken: readonly (readonly [title: string, text: string])[] = [
    ['is no JSON', '{'],
    ['says something unknown', JSON.stringify({ base: { kind: 'perhaps' } })],
    ['is not an object', 'null'],
  ]
  for (const [title, text] of broken)
    it(`in an index that ${title} proves nothing, and collecting ends`, async () => {
      const view = await measured()
      write(view, { 'runs/index.json': text })
      const [first] = (await collect(view)).filter(({ arm }) => arm === 'base')
      assert.match(first?.files[0]?.parsed.kind === 'unmeasured' ? first.files[0].parsed.reason : '', /runs\/index\.json/)
    })

  it('that it shared a file system with head: its runs count, and that is remarked', async () => {
    const view = await measured()
    for (const fileSystem of ['own', 'shared']) {
      write(view, { 'runs/index.json': JSON.stringify({ version: 1, runs: [], base: { kind: 'measured' }, fileSystem }) })
      await collect(view)
      const { judgement } = await judgeWorkflow(view, world.store.samples)
      const remarks = judgement?.warnings.filter((warning) => /shared a file system/.test(warning)) ?? []
      assert.equal(remarks.length, fileSystem === 'shared' ? 1 : 0)
    }
  })

  it('that it ran as its own task says: its runs count, with a warning each', async () => {
    const view = await measured()
    write(view, index({ kind: 'fallback', note: 'Base ran its own command' }))
    const bases = (await collect(view)).filter(({ arm }) => arm === 'base')
    assert.equal(bases.length, 8)
    for (const { files } of bases) assert.match(JSON.stringify(files), /Base ran its own command/)
  })
})

describe('A comparison that was cut short', () => {
  it('concludes nothing from the pairs that ran, and says how many those are', async () => {
    const view = await measured()
    const before = await judgeWorkflow(view, world.store.samples)
    removed.push(/\/runs\/[5-7]-/)
    await collect(view)
    const { judgement } = await judgeWorkflow(view, world.store.samples)
    assert.notEqual(before.judgement?.rows[0]?.outcome, 'unmeasured')
    assert.equal(judgement?.rows[0]?.outcome, 'unmeasured')
    assert.equal(judgement.conclusion, 'failure')
    assert.match(judgement.rows[0].note, /only 5 of 8 declared runs of head took place/)
  })

  it('concludes nothing where it is base that has fewer runs', async () => {
    const view = await measured()
    removed.push(/\/runs\/[67]-base/)
    await collect(view)
    const { judgement } = await judgeWorkflow(view, world.store.samples)
    assert.deepEqual([judgement?.rows[0]?.outcome, judgement?.conclusion], ['unmeasured', 'neutral'])
    assert.match(judgement?.rows[0]?.note ?? '', /only 6 of 8 declared runs of base took place/)
  })
})

describe('Reading the files of a task', () => {
  it('is done one at a time', async () => {
    const view = await measured()
    let [active, most] = [0, 0]
    await collect(view, async () => {
      active += 1
      most = Math.max(most, active)
      await new Promise((resolve) => setImmediate(resolve))
      active -= 1
      return nothing
    })
    assert.equal(most, 1)
  })

  it('ends at so many bytes a task, and what was not read is unmeasured', async () => {
    const view = await measured()
    const whole = ' '.repeat(collectLimits.fileBytes)
    for (let pair = 0; pair < 8; pair++) for (const arm of ['base', 'head']) write(view, { [`runs/${pair}-${arm}/e.json`]: whole })
    for (let pair = 8; pair < 12; pair++) write(view, { [`runs/${pair}-head/e.json`]: whole })
    let read = 0
    const runs = await collect(view, async (text) => {
      read += text.length
      return nothing
    })
    assert.equal(read, collectLimits.taskBytes)
    assert.equal(reasons(runs).filter((reason) => reason.includes('files of one task')).length, 4)
  })

  it('leaves a file that is too large alone', async () => {
    const view = await measured()
    write(view, { 'runs/0-head/e.json': ' '.repeat(collectLimits.fileBytes + 1) })
    assert.equal(reasons(await collect(view)).filter((reason) => reason.includes('at most')).length, 1)
  })

  it('goes on after one that the parser breaks at', async () => {
    const view = await measured()
    let count = 0
    const runs = await collect(view, async () => {
      count += 1
      if (count === 1) throw new Error('out of memory')
      return nothing
    })
    assert.equal(count, 16)
    assert.equal(reasons(runs).filter((reason) => reason.includes('out of memory')).length, 1)
  })
})

const nothing: ParsedFile = { kind: 'measured', format: 'json', measurements: [], warnings: [] }

const reasons = (runs: Awaited<ReturnType<typeof collect>>) =>
  runs.flatMap(({ files }) => files.flatMap(({ parsed }) => (parsed.kind === 'unmeasured' ? [parsed.reason] : [])))
