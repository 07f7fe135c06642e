import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parse } from 'yaml'
import { parseBenchmarkFile } from '../../src/benchmark/formats/parse.ts'
import type { Measurement } from '../../src/benchmark/types.ts'
import { openWorkspace, type Workspace } from './robot-arm-runs.ts'

describe('the demo repository, at a tenth of its size', () => {
  let workspace: Workspace
  const at = (name: string) => join(workspace.directory, name)

  before(async () => {
    workspace = await openWorkspace('main')
    await workspace.run('sim/generate.mjs', ['--out', at('data'), '--episodes', '9'])
    await workspace.run('policy/train.mjs', ['--data', at('data'), '--out', at('train'), '--epochs', '2'])
  })
  after(() => workspace[Symbol.asyncDispose]())

  test('generating and training twice gives the same bytes', async () => {
    await workspace.run('sim/generate.mjs', ['--out', at('data-again'), '--episodes', '9'])
    await workspace.run('policy/train.mjs', ['--data', at('data-again'), '--out', at('train-again'), '--epochs', '2'])
    for (const file of ['policy.json', 'learning-curve.csv', 'learning-curve.svg']) {
      assert.equal(await workspace.read(`train-again/${file}`), await workspace.read(`train/${file}`), file)
    }
  })

  test('another training seed gives another policy', async () => {
    await workspace.run('policy/train.mjs', ['--data', at('data'), '--out', at('train-2'), '--epochs', '2', '--seed', '2'])
    assert.notEqual(await workspace.read('train-2/policy.json'), await workspace.read('train/policy.json'))
  })

  test('training says how far it is and leaves a learning curve', async () => {
    const printed = await workspace.run('policy/train.mjs', ['--data', at('data'), '--out', at('train-8'), '--epochs', '8'])
    assert.match(printed, /epoch {2}4 {2}loss 0\.\d{4} {2}reached \d+ of 30 targets\nepoch {2}8 /)
    assert.match(await workspace.read('train-8/learning-curve.csv'), /^epoch,loss,success\n4,0\.\d+,[\d.]+\n8,0\.\d+,[\d.]+\n$/)
    assert.match(await workspace.read('train-8/learning-curve.svg'), /^<svg [\s\S]*<polyline [\s\S]*<\/svg>\n$/)
  })

  test('the evaluation is read as LeRobot, one key an episode, and counts every episode asked for', async () => {
    await evaluate('evaluation', '12')
    const success = metric(await workspace.read('evaluation/eval_info.json'), 'lerobot', 'success')
    assert.equal(success.value.kind, 'episodes')
    const keys = success.value.kind === 'episodes' ? success.value.episodes.map(({ key }) => key) : []
    assert.equal(new Set(keys).size, 12)
  })

  test('OSMO_SEED alone decides which episodes are played', async () => {
    for (const [name, seed] of [
      ['seed-3', '3'],
      ['seed-3-again', '3'],
      ['seed-4', '4'],
    ] as const)
      await evaluate(name, '6', seed)
    assert.deepEqual(await episodes('seed-3-again'), await episodes('seed-3'))
    assert.notDeepEqual(await episodes('seed-4'), await episodes('seed-3'))
  })

  test('the commands of the spec, in a shell, lead to files that hold every gate', async () => {
    const spec = parseSpec(await workspace.read('repository/.osmo/reach.yaml'), { image: 'any', demonstrations: '9', episodes: '3' })
    for (const { name, command, args, inputs = [] } of spec.workflow.tasks) {
      const paths = [at(`spec/${name}`), ...inputs.map(({ task }) => at(`spec/${task}`))]
      await workspace.shell([...command, ...args].map((text) => withPaths(text, paths)))
    }
    const gates = spec.benchmarks.flatMap(({ metrics, ...file }) => Object.keys(metrics).map((name) => ({ ...file, name })))
    assert.equal(gates.length, 3)
    for (const { task, path, format, name } of gates) metric(await workspace.read(`spec/${task}/${path}`), format, name)
  })

  test('the benchmark repeats itself, so that a run has a median', async () => {
    await workspace.run('bench/benchmark.mjs', ['--policy', at('train/policy.json'), '--out', at('benchmark')])
    const text = await workspace.read('benchmark/benchmark.json')
    for (const name of ['policy_inference/real_time', 'simulator_step/real_time_factor']) {
      const { value } = metric(text, 'google-benchmark', name)
      assert.equal(value.kind === 'samples' && value.samples.every((sample) => sample > 0) && value.samples.length, 5, name)
    }
  })

  test('nothing is written into the checkout', async () => {
    const clean = await openWorkspace('main')
    await using _ = clean
    assert.deepEqual(await listing(workspace), await listing(clean))
  })

  async function evaluate(name: string, count: string, seed = '0') {
    await workspace.run('sim/evaluate.mjs', ['--policy', at('train/policy.json'), '--out', at(name), '--episodes', count], {
      OSMO_SEED: seed,
    })
  }

  async function episodes(name: string): Promise<unknown> {
    return (JSON.parse(await workspace.read(`${name}/eval_info.json`)) as { per_task: unknown }).per_task
  }
})

type Spec = {
  readonly benchmarks: readonly { task: string; path: string; format: string; metrics: Readonly<Record<string, unknown>> }[]
  readonly workflow: { readonly tasks: readonly SpecTask[] }
}
type SpecTask = {
  readonly name: string
  readonly command: string[]
  readonly args: string[]
  readonly inputs?: readonly { task: string }[]
}

function parseSpec(text: string, values: Readonly<Record<string, string>>): Spec {
  return parse(text.replace(/\{\{ (\w+) \}\}/g, (_, name: string) => values[name] ?? '')) as Spec
}

function withPaths(text: string, [output = '', input = '']: readonly string[]): string {
  return text.replaceAll('{{output}}', output).replaceAll('{{input:0}}', input)
}

/** The metric of that name, which must have been measured. */
function metric(text: string, format: string, name: string): Measurement {
  const parsed = parseBenchmarkFile(text, { path: 'file', format })
  assert.equal(parsed.kind, 'measured', `${format}: ${'reason' in parsed ? parsed.reason : ''}`)
  const found = parsed.kind === 'measured' ? parsed.measurements.find((measurement) => measurement.metric === name) : undefined
  assert.ok(found && found.value.kind !== 'unmeasured', `${name} was not measured`)
  return found
}

async function listing({ directory }: Workspace): Promise<readonly string[]> {
  return (await readdir(join(directory, 'repository'), { recursive: true })).sort()
}
