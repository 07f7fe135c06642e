import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildOrder, type OrderDeps } from '../../src/engine/order.ts'
import type { DispatchOrder } from '../../src/engine/ports.ts'
import { aTemplate } from '../store/plans.ts'
import { aHeader, aPolicy, aProvenance, sha, workflowId } from '../workflow/builders.ts'

type Change = Partial<Omit<DispatchOrder, 'template'>> & {
  readonly template?: Parameters<typeof aTemplate>[0]
  readonly provenance?: Parameters<typeof aProvenance>[0]
}
const pull = {
  event: 'pull_request',
  pullRequest: 5,
  ref: 'refs/pull/5/head',
  sha: sha('a'),
  baseSha: sha('b'),
  headRef: 'evil"; reboot',
} as const
const compare = { pairs: 3, warmup: 1, seed: 7, base: 'stored' } as const
const found = { kind: 'found', sha: sha('b'), inputs: [], exact: 'merge-base', workflow: 'reach-1' } as const

const files: Readonly<Record<string, string>> = { [`${sha('a')} sim/scene.xml`]: 'head', [`${sha('b')} sim/scene.xml`]: 'base' }
const deps: OrderDeps = {
  serverKey: 'k'.repeat(32),
  hosts: (_, members) => Object.fromEntries(members.map((name) => [name, '127.0.0.9'])),
  mirror: {
    archive: () => Promise.reject(new Error('not asked for')),
    isAncestor: async () => true,
    ancestors: async () => [],
    files: async (_, commit, path) => {
      const names = Object.keys(files).filter((key) => key.startsWith(`${commit} ${path}`))
      return names.length === 0
        ? undefined
        : names.map((key) => ({ path: key.slice(41), contents: Buffer.from(files[key] ?? ''), mode: 0o644 }))
    },
  },
}

const build = ({ template, provenance, ...change }: Change = {}, attempt = 2, orderDeps = deps) =>
  buildOrder(
    {
      workflow: aHeader(1, { spec: 'bench/orin', provenance: aProvenance(provenance) }),
      taskId: '00000000-0000-4000-8000-0123456789ab',
      taskName: 'evaluate',
      group: { name: 'evaluate', members: ['evaluate'], barrier: false },
      policy: aPolicy(),
      template: aTemplate(template),
      inputs: [],
      baseInputs: undefined,
      ...change,
    },
    { workflow: workflowId, task: 'evaluate', attempt },
    orderDeps,
    new AbortController().signal,
  )

describe('An order', () => {
  it('is the same however often it is built, and another for each attempt', async () => {
    assert.deepEqual(await build(), await build())
    const [second, third] = [await build({}, 2), await build({}, 3)]
    assert.notEqual(second.pod, third.pod)
    assert.notEqual(second.token, third.token)
  })

  it("tells a task what it is, over whatever the spec's own environment says", async () => {
    const { environment } = await build({ template: { environment: { GITHUB_SHA: 'mine', MODE: 'fast' } }, provenance: pull })
    assert.equal(environment.GITHUB_SHA, sha('a'))
    assert.equal(environment.MODE, 'fast')
    assert.deepEqual([environment.OSMO_TASK, environment.OSMO_ATTEMPT, environment.OSMO_WORKFLOW_ID], ['evaluate', '2', 'reach-1'])
    assert.equal(environment.GITHUB_HEAD_REF, 'evil"; reboot', 'as environment, never as text of a template')
    assert.equal(environment.GITHUB_REF_NAME, '5/head')
  })

  it('keeps its token out of the environment', async () => {
    const order = await build()
    assert.ok(!JSON.stringify({ ...order, token: '' }).includes(order.token))
  })

  it('runs once without a comparison', async () => assert.deepEqual((await build()).runs, { kind: 'once', seed: 0 }))

  it('runs both arms of each pair on one seed, warm-ups first', async () => {
    const { runs } = await build({ template: { compare }, provenance: pull, baseInputs: found })
    const planned = runs.kind === 'arms' ? runs.order : []
    assert.deepEqual(
      planned.map(({ purpose }) => purpose),
      [...Array(2).fill('warmup'), ...Array(6).fill('measure')],
    )
    for (const pair of [0, 1, 2]) {
      const both = planned.filter((run) => run.purpose === 'measure' && run.pair === pair)
      assert.deepEqual(both.map(({ arm }) => arm).toSorted(), ['base', 'head'])
      assert.deepEqual(
        both.map(({ seed }) => seed),
        [7 + pair, 7 + pair],
      )
    }
  })

  it('runs head alone where there is no base', async () => {
    const missing = { kind: 'missing', reason: 'none', remedy: 'none' } as const
    for (const change of [{ provenance: pull, baseInputs: missing }, { provenance: pull }, { baseInputs: found }]) {
      const { runs } = await build({ template: { compare }, ...change })
      assert.deepEqual(runs.kind === 'arms' && [...new Set(runs.order.map(({ arm }) => arm))], ['head'])
    }
  })

  it('brings files of the repository, relative to the spec, of each arm', async () => {
    const template = { compare, files: [{ kind: 'local', path: '/etc/scene.xml', localpath: '../../sim/scene.xml' }] } as const
    const order = await build({ template, provenance: pull, baseInputs: found })
    assert.deepEqual(order.files, [
      { path: '/etc/scene.xml', head: Buffer.from('head').toString('base64'), base: Buffer.from('base').toString('base64') },
    ])
  })

  it('brings a directory as its files', async () => {
    const order = await build({ template: { files: [{ kind: 'local', path: '/data', localpath: '../../sim' }] }, provenance: pull })
    assert.deepEqual(
      order.files.map(({ path }) => path),
      ['/data/scene.xml'],
    )
  })

  it('refuses more than 16 MiB of files of the repository in one task, however many names they have', async () => {
    const megabyte = Buffer.alloc(1024 ** 2)
    const large = { ...deps, mirror: { ...deps.mirror, files: async () => [{ path: 'sim/a.bin', contents: megabyte, mode: 0o644 }] } }
    const names = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ kind: 'local', path: `/f${index}`, localpath: '../../sim/a.bin' }) as const)
    assert.equal((await build({ template: { files: names(16) } }, 0, large)).files.length, 16)
    await assert.rejects(build({ template: { files: names(17) } }, 0, large), /at most 16777216 bytes of localpath files in one task/)
  })

  it('refuses more files than a task may have', async () => {
    const contents = Buffer.alloc(0)
    const many = Array.from({ length: 5001 }, (_, index) => ({ path: `sim/${index}`, contents, mode: 0o644 }))
    const files = ['/a', '/b'].map((path) => ({ kind: 'local', path, localpath: '../../sim' }) as const)
    await assert.rejects(
      build({ template: { files } }, 0, { ...deps, mirror: { ...deps.mirror, files: async () => many } }),
      /at most 10000 localpath files/,
    )
  })

  for (const localpath of ['../../sim/none.xml', '../../../outside'])
    it(`refuses ${localpath}`, async () => {
      await assert.rejects(build({ template: { files: [{ kind: 'local', path: '/x', localpath }] } }), { name: 'WrongOrder' })
    })

  it('knows the addresses of a group, and none of a task alone', async () => {
    assert.deepEqual((await build()).tokens.hosts, {})
    const group = { name: 'g', members: ['evaluate', 'server'], barrier: true }
    assert.deepEqual(Object.keys((await build({ group })).tokens.hosts), ['evaluate', 'server'])
  })
})
