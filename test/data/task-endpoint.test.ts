import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { extract } from 'tar-stream'
import { createMemoryBarrier } from '../../src/data/barrier.ts'
import { createDirectoryStore } from '../../src/data/directory-store.ts'
import { createTaskEndpoint } from '../../src/data/task-endpoint.ts'
import { type AttemptGrant, ForgeError, type LogChunk, type ObjectStore } from '../../src/engine/ports.ts'
import { taskPath } from '../../src/engine/task-protocol.ts'
import { type AttemptReference, type CommitSha, WorkflowId } from '../../src/workflow/names.ts'
import { bytes } from './object-store.contract.ts'

const reference: AttemptReference = { workflow: WorkflowId('00000000-0000-0000-0000-00000000000a'), task: 'evaluate', attempt: 1 }
const train: AttemptReference = { ...reference, task: 'train', attempt: 0 }
const oldTrain: AttemptReference = { ...train, workflow: WorkflowId('00000000-0000-0000-0000-00000000000b') }
const grant: AttemptGrant = {
  reference,
  repositoryId: 1,
  installationId: 1,
  repository: 'acme/arm',
  origin: 'trusted',
  sha: 'a'.repeat(40) as CommitSha,
  baseSha: '',
  checkout: 'none',
  inputs: [train, undefined],
  baseInputs: [oldTrain],
}

describe('task endpoint', () => {
  const root = mkdtempSync(join(tmpdir(), 'osmo-endpoint-'))
  const logged: LogChunk[] = []
  let objects: ObjectStore
  let isOver = false
  let archiveFault: Error | undefined
  let deskFault: Error | undefined
  let app: ReturnType<typeof createTaskEndpoint>
  before(async () => {
    objects = await createDirectoryStore(root)
    app = createTaskEndpoint({
      desk: {
        authorize: async (asked, token) => {
          if (deskFault) throw deskFault
          return !isOver && token === 'good' && JSON.stringify(asked) === JSON.stringify(reference) ? grant : undefined
        },
      },
      objects,
      logs: { append: async (_, chunks) => void logged.push(...chunks), read: async () => [], tail: async () => '' },
      archive: async () => {
        if (archiveFault) throw archiveFault
        return undefined
      },
      barrier: createMemoryBarrier(() => 0),
      maxOutputBytes: 100,
    })
  })
  after(() => rm(root, { recursive: true }))

  const call = (method: string, path: string, body?: string, token = 'good', of = reference) =>
    app.request(`http://service${taskPath(of)}${path}`, {
      method,
      ...(body === undefined ? {} : { body }),
      headers: { authorization: `Bearer ${token}` },
    })
  const put = (path: string, body: string) => call('PUT', `/outputs/${path}`, body)

  for (const path of ['/source/head', '/inputs/head/0', '/inputs/base/7', '/unknown']) {
    it(`answers 401 to a wrong token at ${path}`, async () => {
      assert.equal((await call('GET', path, undefined, 'wrong')).status, 401)
    })
  }

  it('answers the same to another attempt, to no attempt and to one that is over', async () => {
    const answers = [
      await call('PUT', '/manifest', '{}', 'good', train),
      await call('POST', '/logs', '{}', 'good', { ...reference, workflow: 'x' as WorkflowId }),
    ]
    isOver = true
    answers.push(await call('POST', '/logs', '{"chunks":[]}'))
    isOver = false
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([401]))
    assert.equal(new Set(await Promise.all(answers.map((answer) => answer.text()))).size, 1)
  })

  const badPaths = [
    '..%2Fx',
    'a/..%2F..%2Fb',
    '%2Fetc%2Fpasswd',
    'a%00b',
    'a%0Ab',
    '.osmo-manifest.json',
    'a%5Cb',
    'x'.repeat(300),
    `${'d/'.repeat(33)}x`,
    '%E0%A4%A',
  ]
  for (const path of badPaths) {
    it(`refuses the output ${path.slice(0, 30)}`, async () => {
      const answer = await put(path, 'x')
      assert.equal(answer.status, 400)
    })
  }

  it('stores outputs that count once the manifest names them', async () => {
    const stored = await put('m%20x/policy.json', 'weights')
    assert.equal(stored.status, 200)
    const { sha256 } = (await stored.json()) as { sha256: string }
    const file = { path: 'm x/policy.json', mode: 0o644, bytes: 7, sha256 }
    assert.equal((await call('PUT', '/manifest', JSON.stringify({ files: [{ ...file, bytes: 8 }] }))).status, 409)
    assert.equal((await call('PUT', '/manifest', JSON.stringify({ files: [{ ...file, path: 'absent' }] }))).status, 409)
    assert.equal((await call('PUT', '/manifest', JSON.stringify({ files: [file, file] }))).status, 400)
    assert.equal((await call('PUT', '/manifest', JSON.stringify({ files: [file] }))).status, 204)
    assert.deepEqual(
      (await objects.list('', 10)).map(({ key }) => key.split('/').slice(3).join('/')),
      ['.osmo-manifest.json', 'm x/policy.json'],
    )
  })

  it('refuses more than an attempt may store', async () => {
    assert.equal((await put('big', 'x'.repeat(101))).status, 413)
    assert.equal(await objects.get(`${reference.workflow}/evaluate/1/big`), undefined)
  })

  it('says no for ever to a name that is needed twice', async () => {
    for (const [one, other] of [
      ['twice', 'twice/below'],
      ['again/below', 'again'],
    ] as const) {
      assert.equal((await put(one, 'x')).status, 200)
      const answer = await put(other, 'x')
      assert.equal(answer.status, 422)
      assert.match(await answer.text(), /as a file and as a directory/)
    }
  })

  const faults: readonly (readonly [Error, number, RegExp])[] = [
    [new ForgeError('the commit is gone', 'give-up'), 422, /the commit is gone/],
    [new RangeError('Expected a tree of at most 5 bytes'), 422, /a tree of at most 5 bytes/],
    [new ForgeError('GitHub is away', 'retry'), 500, /ForgeError/],
    [new Error('a secret path'), 500, /^The service failed: Error$/],
  ]
  for (const [fault, status, words] of faults) {
    it(`answers ${status} to a source for which there is: ${fault.message}`, async () => {
      archiveFault = fault
      const answer = await call('GET', '/source/head')
      archiveFault = undefined
      assert.equal(answer.status, status)
      assert.match(await answer.text(), words)
    })
  }

  it('is away, and not broken, while the database is', async () => {
    deskFault = new Error('no connection')
    const answer = await call('GET', '/source/head')
    deskFault = undefined
    assert.equal(answer.status, 503)
  })

  it('appends logs and refuses chunks that are too long', async () => {
    assert.equal((await call('POST', '/logs', JSON.stringify({ chunks: [{ sequence: 0, text: 'hello' }] }))).status, 204)
    assert.deepEqual(logged, [{ sequence: 0, text: 'hello' }])
    assert.equal((await call('POST', '/logs', JSON.stringify({ chunks: [{ sequence: 1, text: 'é'.repeat(40_000) }] }))).status, 413)
    assert.equal((await call('POST', '/logs', '{"chunks": 3}')).status, 400)
    assert.equal((await call('POST', '/logs', 'x'.repeat(8_000_000))).status, 413)
    assert.equal(logged.length, 1)
  })

  it('sends the inputs of each arm, those that the pattern names', async () => {
    await anOutput(train, { 'a.json': 'new', 'logs/a.txt': 'x' })
    await anOutput(oldTrain, { 'a.json': 'old' })
    assert.deepEqual(await filesOf(await call('GET', '/inputs/head/0')), { 'a.json': 'new', 'logs/a.txt': 'x' })
    assert.deepEqual(await filesOf(await call('GET', '/inputs/head/0?regex=.*%5C.json%24')), { 'a.json': 'new' })
    assert.deepEqual(await filesOf(await call('GET', '/inputs/base/0')), { 'a.json': 'old' })
    assert.equal((await call('GET', '/inputs/head/1')).status, 404)
    assert.equal((await call('GET', '/inputs/head/0?regex=(')).status, 400)
    assert.equal((await call('GET', '/inputs/other/0')).status, 404)
  })

  it('sends no half input as a whole one', async () => {
    await anOutput(train, { kept: 'x', lost: 'y' })
    await rm(join(root, 'objects', String(train.workflow), 'train/0/lost'))
    const answer = await call('GET', '/inputs/head/0')
    await assert.rejects(async () => answer.arrayBuffer())
  })

  async function anOutput(of: AttemptReference, files: Readonly<Record<string, string>>): Promise<void> {
    const prefix = `${of.workflow}/${of.task}/${of.attempt}/`
    const stored = []
    for (const [path, text] of Object.entries(files))
      stored.push({ path, mode: 0o644, ...(await objects.put(prefix + path, bytes(text), { maxBytes: 100 })) })
    await objects.put(`${prefix}.osmo-manifest.json`, bytes(JSON.stringify({ files: stored })), { maxBytes: 10_000 })
  }
})

async function filesOf(answer: Response): Promise<Readonly<Record<string, string>>> {
  assert.equal(answer.status, 200)
  const files: Record<string, string> = {}
  const entries = extract()
  Readable.from([Buffer.from(await answer.arrayBuffer())]).pipe(entries)
  for await (const entry of entries) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    files[entry.header.name] = Buffer.concat(chunks).toString()
  }
  return files
}
