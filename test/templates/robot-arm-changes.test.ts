import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { openWorkspace, template } from './robot-arm-runs.ts'

type Change = { readonly branch: string; readonly title: string; readonly body: string; readonly conclusion: 'success' | 'failure' }

const demo = JSON.parse(await readFile(join(template, 'demo.json'), 'utf8')) as { changes: readonly string[] }

describe('the pull requests of the demo', () => {
  test('demo.json names every change there is, one of each conclusion', async () => {
    assert.deepEqual([...demo.changes].sort(), (await readdir(join(template, 'changes'))).sort())
    const conclusions = await Promise.all(demo.changes.map(async (name) => (await readChange(name)).conclusion))
    assert.deepEqual(conclusions.sort(), ['failure', 'success'])
  })

  for (const name of demo.changes) {
    test(`${name}: has a branch, a title and a body, and every file of it says something new`, async () => {
      const change = await readChange(name)
      assert.match(change.branch, /^[a-z-]+$/)
      assert.ok(change.title.length > 10 && change.body.length > 100)
      for (const path of await filesOf(name))
        assert.notEqual(await readFile(join(template, 'changes', name, 'files', path), 'utf8'), await onMain(path), path)
    })

    test(`${name}: neither knows its arm, nor waits, nor draws unseeded numbers`, async () => {
      for (const path of await filesOf(name)) {
        const text = await readFile(join(template, 'changes', name, 'files', path), 'utf8')
        assert.doesNotMatch(text, /OSMO_|setTimeout|sleep|Atomics|Math\.random|Date\.now/, path)
      }
    })
  }
})

describe('what they do to success, at full size', () => {
  const outcomes = new Map<string, readonly boolean[]>()

  before(async () => {
    await Promise.all(['main', ...demo.changes].map(async (name) => outcomes.set(name, await successes(name))))
  })

  test('main leaves room in both directions', () => {
    const rate = rateOf('main')
    assert.ok(rate > 0.6 && rate < 0.8, `main succeeds in ${rate}`)
  })

  test('finer-physics loses more than 20 points, beyond doubt', () => {
    assert.ok(rateOf('main') - rateOf('finer-physics') > 0.25, `from ${rateOf('main')} to ${rateOf('finer-physics')}`)
    assert.ok(only('main', 'finer-physics') > 4 * only('finer-physics', 'main'))
  })

  test('tip-error wins more than 15 points, beyond doubt', () => {
    assert.ok(rateOf('tip-error') - rateOf('main') > 0.2, `from ${rateOf('main')} to ${rateOf('tip-error')}`)
    assert.ok(only('tip-error', 'main') > 4 * only('main', 'tip-error'))
  })

  function rateOf(name: string): number {
    const list = outcomes.get(name) ?? []
    return list.filter(Boolean).length / list.length
  }

  /** Episodes that `winner` reaches and `loser` does not. */
  function only(winner: string, loser: string): number {
    const other = outcomes.get(loser) ?? []
    return (outcomes.get(winner) ?? []).filter((success, index) => success && !other[index]).length
  }
})

/** Generates, trains and evaluates one version as its workflow does. */
async function successes(version: string): Promise<readonly boolean[]> {
  await using workspace = await openWorkspace(version)
  const at = (name: string) => join(workspace.directory, name)
  await workspace.run('sim/generate.mjs', ['--out', at('generate'), '--episodes', '120'])
  await workspace.run('policy/train.mjs', ['--data', at('generate'), '--out', at('train')])
  await workspace.run('sim/evaluate.mjs', ['--policy', at('train/policy.json'), '--out', at('evaluate'), '--episodes', '300'])
  const info = JSON.parse(await workspace.read('evaluate/eval_info.json')) as EvalInfo
  return info.per_task.flatMap(({ metrics }) => metrics.successes)
}

type EvalInfo = { readonly per_task: readonly { readonly metrics: { readonly successes: readonly boolean[] } }[] }

async function readChange(name: string): Promise<Change> {
  return JSON.parse(await readFile(join(template, 'changes', name, 'change.json'), 'utf8')) as Change
}

async function filesOf(name: string): Promise<readonly string[]> {
  const root = join(template, 'changes', name, 'files')
  const paths = await readdir(root, { recursive: true })
  const kinds = await Promise.all(paths.map(async (path) => ({ path, isFile: (await stat(join(root, path))).isFile() })))
  return kinds.filter(({ isFile }) => isFile).map(({ path }) => path)
}

/** Main's text of a file, or nothing where the change adds it. */
async function onMain(path: string): Promise<string | undefined> {
  try {
    return await readFile(join(template, 'repository', path), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
