import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ForgeError, type ForgeReader } from '../../src/engine/ports.ts'
import type { GithubClient } from '../../src/github/client.ts'
import { createForgeReader } from '../../src/github/reader.ts'
import { CommitSha } from '../../src/workflow/names.ts'
import { git } from '../github-twin/harness.ts'
import { aGithub, soon, type TestGithub } from './stage.ts'

let github: TestGithub
let reader: ForgeReader
let asked: string[]
let mainSha: CommitSha
let featureSha: CommitSha
let pullRequest: number
before(async () => {
  github = await aGithub()
  asked = []
  reader = createForgeReader(counting(github.client, asked))
  mainSha = CommitSha(
    (
      await github.commit('main', {
        'README.md': 'robot\n'.repeat(50),
        'old.py': 'print(1)\n'.repeat(50),
        '.osmo/nav.yaml': 'workflow: nav',
      })
    ).sha,
  )
  featureSha = CommitSha(
    (await github.commit('feature/x', { 'old.py': null, 'new.py': 'print(1)\n'.repeat(50), '.osmo/nav.yaml': 'workflow: nav2' }, 'main'))
      .sha,
  )
  const { fullName } = github.repository
  pullRequest = (await github.admin.createPullRequest({ repository: fullName, author: 'ada', title: 'x', head: 'feature/x', base: 'main' }))
    .number
})
after(() => github.stage.close())

describe('a repository', () => {
  it('is read by its name', async () => {
    assert.deepEqual(await reader.repository(github.repository, soon()), {
      fullName: 'ada/robot-arm',
      defaultBranch: 'main',
      private: 'private',
    })
  })

  it('whose name we have wrong is read by its id', async () => {
    const found = await reader.repository({ ...github.repository, fullName: 'ada/former' }, soon())
    assert.equal(found?.fullName, 'ada/robot-arm')
  })

  it('whose former name is another’s now is read by its id', async () => {
    await github.admin.createRepository({ owner: 'ada', name: 'taken' })
    const found = await reader.repository({ ...github.repository, fullName: 'ada/taken' }, soon())
    assert.equal(found?.fullName, 'ada/robot-arm')
  })

  it('that is gone is undefined', async () => {
    assert.equal(await reader.repository({ ...github.repository, id: 999_999, fullName: 'ada/none' }, soon()), undefined)
  })
})

describe('branches and commits', () => {
  it('a branch has a head, one with a slash too, one that is gone has none', async () => {
    assert.equal(await reader.branchHead(github.repository, 'main', soon()), mainSha)
    assert.equal(await reader.branchHead(github.repository, 'feature/x', soon()), featureSha)
    assert.equal(await reader.branchHead(github.repository, 'gone', soon()), undefined)
  })

  it('a commit has a message', async () => {
    assert.match(await reader.commitMessage(github.repository, featureSha, soon()), /^Change old\.py/)
  })

  it('required checks are those of protection and rulesets', async () => {
    const { fullName } = github.repository
    await github.admin.setRequiredChecks({ repository: fullName, branch: 'main', contexts: ['osmo / nav-eval', 'lint'] })
    assert.deepEqual(await reader.requiredChecks(github.repository, 'main', soon()), ['osmo / nav-eval', 'lint'])
    assert.deepEqual(await reader.requiredChecks(github.repository, 'feature/x', soon()), [])
    assert.deepEqual(await reader.requiredChecks(github.repository, 'gone', soon()), [])
  })
})

describe('a pull request', () => {
  it('is read with its merge base, which a moved base branch leaves alone', async () => {
    const { sha } = await github.commit('main', { 'later.md': 'x' })
    const snapshot = await reader.pullRequest(github.repository, pullRequest, soon())
    assert.notEqual(sha, mainSha)
    assert.deepEqual(snapshot, {
      number: pullRequest,
      state: 'open',
      draft: false,
      headSha: featureSha,
      headRef: 'feature/x',
      headRepositoryId: github.repository.id,
      baseRef: 'main',
      author: 'ada',
      labels: [],
      mergeBaseSha: mainSha,
    })
  })

  it('that is not there is undefined', async () => assert.equal(await reader.pullRequest(github.repository, 4711, soon()), undefined))

  it('is found by its branch, a fork’s branch of that name is not', async () => {
    const { fullName } = github.repository
    const fork = await github.admin.fork({ repository: fullName, owner: 'eve' })
    await github.admin.commitFiles({
      repository: fork.fullName,
      branch: 'feature/x',
      from: 'main',
      author: 'eve',
      message: 'mine',
      files: { 'e.md': 'e' },
    })
    const pull = await github.admin.createPullRequest({
      repository: fullName,
      author: 'eve',
      title: 'fork',
      head: 'eve:feature/x',
      base: 'main',
    })
    assert.deepEqual(await reader.openPullRequestsOf(github.repository, 'feature/x', soon()), [pullRequest])
    const snapshot = await reader.pullRequest(github.repository, pull.number, soon())
    assert.deepEqual([snapshot?.headRepositoryId, snapshot?.author], [fork.id, 'eve'])
  })

  it('names what it changed, a rename under both names', async () => {
    const expected = ['.osmo/nav.yaml', 'new.py', 'old.py']
    const paths = await reader.changedPaths(github.repository, { kind: 'pull-request', number: pullRequest }, soon())
    assert.deepEqual(paths === 'unknown' ? paths : [...paths].sort(), expected)
    const compared = await reader.changedPaths(github.repository, { kind: 'compare', base: mainSha, head: featureSha }, soon())
    assert.deepEqual(compared === 'unknown' ? compared : [...compared].sort(), expected)
  })
})

describe('paths that GitHub does not tell in full', () => {
  it('are unknown from 300 files of a comparison, and paged for a pull request', async () => {
    const files = Object.fromEntries(Array.from({ length: 350 }, (_, index) => [`many/${index}.txt`, `${index}`]))
    const head = CommitSha((await github.commit('many', files, 'main')).sha)
    const base = await reader.branchHead(github.repository, 'main', soon())
    assert.ok(base)
    assert.equal(await reader.changedPaths(github.repository, { kind: 'compare', base, head }, soon()), 'unknown')
    const { number } = await github.admin.createPullRequest({
      repository: github.repository.fullName,
      author: 'ada',
      title: 'many',
      head: 'many',
    })
    assert.equal((await reader.changedPaths(github.repository, { kind: 'pull-request', number }, soon())).length, 350)
  })

  it('are unknown when the base commit is gone', async () => {
    const base = CommitSha('c'.repeat(40))
    assert.equal(await reader.changedPaths(github.repository, { kind: 'compare', base, head: featureSha }, soon()), 'unknown')
  })
})

describe('a permission', () => {
  for (const role of ['admin', 'maintain', 'write', 'triage', 'read'] as const) {
    it(`${role} is asked for at that moment`, async () => {
      const { fullName } = github.repository
      await github.admin.grant({ repository: fullName, login: 'eve', role })
      assert.equal(await reader.permission(github.repository, 'eve', soon()), role)
      await github.admin.grant({ repository: fullName, login: 'eve', role: 'none' })
      assert.equal(await reader.permission(github.repository, 'eve', soon()), 'none')
    })
  }

  it('of nobody is none', async () => assert.equal(await reader.permission(github.repository, 'nobody-there', soon()), 'none'))
})

describe('specs at a commit', () => {
  it('are read with their paths', async () => {
    assert.deepEqual(await reader.specFiles(github.repository, mainSha, soon()), [
      { path: '.osmo/nav.yaml', mode: '100644', bytes: 13, text: 'workflow: nav' },
    ])
  })

  it('of a tree that did not change cost no blob, and of a known commit nothing', async () => {
    const { sha } = await github.commit('main', { 'other.md': 'y' })
    asked.length = 0
    await reader.specFiles(github.repository, CommitSha(sha), soon())
    assert.deepEqual(asked, ['GET /repos/{owner}/{repo}/git/trees/{tree_sha}'])
    asked.length = 0
    await reader.specFiles(github.repository, CommitSha(sha), soon())
    assert.deepEqual(asked, [])
  })

  it('that are not there are none', async () => {
    const { sha } = await github.commit('empty', { '.osmo/nav.yaml': null }, 'main')
    assert.deepEqual(await reader.specFiles(github.repository, CommitSha(sha), soon()), [])
  })

  it('that are links, submodules, too large, not UTF-8, or not YAML', async () => {
    const sha = await pushHostileTree()
    const files = await reader.specFiles(github.repository, sha, soon())
    assert.deepEqual(
      files.map(({ path, mode, text }) => [path, mode, text === undefined ? undefined : text.slice(0, 10)]),
      [
        ['.osmo/a.yaml', '100644', 'workflow: '],
        ['.osmo/binary.yaml', '100644', undefined],
        ['.osmo/deep/b.yml', '100755', 'b'],
        ['.osmo/large.yaml', '100644', undefined],
        ['.osmo/link.yaml', '120000', undefined],
        ['.osmo/module', '160000', undefined],
        ['.osmo/nav.yaml', '100644', 'workflow: '],
      ],
    )
    assert.equal(files.find(({ path }) => path === '.osmo/large.yaml')?.bytes, 1024 * 1024 + 1)
  })

  it('that are no directory are one link', async () => {
    const sha = await pushTree('dot-osmo-link', async (directory) => {
      await git(directory, 'rm', '-r', '--quiet', '.osmo')
      await symlink('/etc', join(directory, '.osmo'))
    })
    assert.deepEqual(await reader.specFiles(github.repository, sha, soon()), [{ path: '.osmo', mode: '120000', bytes: 4, text: undefined }])
  })

  it('beyond 4 MiB in all have no text, nor have those after them', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 6 }, (_, index) => [`.osmo/big-${index}.yaml`, `# ${index}\n${'x'.repeat(900_000)}`]),
    )
    const { sha } = await github.commit('big', files, 'main')
    const read = await reader.specFiles(github.repository, CommitSha(sha), soon())
    assert.equal(read.length, 7)
    assert.equal(read.filter(({ text }) => text === undefined).length, 3)
  })
})

describe('paths at a commit', () => {
  let sha: CommitSha
  before(async () => {
    sha = await pushTree('paths', async (directory) => {
      await mkdir(join(directory, 'policy', 'deep'), { recursive: true })
      await writeFile(join(directory, 'policy', 'a.py'), 'print')
      await writeFile(join(directory, 'policy', 'deep', 'b.py'), 'x')
      await symlink('policy', join(directory, 'link'))
      await git(directory, 'update-index', '--add', '--cacheinfo', `160000,${mainSha},module`)
    })
  })
  const table: readonly (readonly [path: string, expected: readonly (readonly [path: string, mode: string, bytes: number])[]])[] = [
    ['policy/a.py', [['policy/a.py', '100644', 5]]],
    [
      'policy',
      [
        ['policy/a.py', '100644', 5],
        ['policy/deep/b.py', '100644', 1],
      ],
    ],
    ['policy/deep', [['policy/deep/b.py', '100644', 1]]],
    ['policy/a.py/x', []],
    ['gone', []],
    ['policy/gone/deeper', []],
    ['link', [['link', '120000', 6]]],
    ['link/deep/b.py', [['link', '120000', 6]]],
    ['module/x', [['module', '160000', 0]]],
  ]
  for (const [path, expected] of table) {
    it(JSON.stringify(path), async () => {
      const found = await reader.entriesAt(github.repository, sha, [path], soon())
      assert.deepEqual(
        found.get(path)?.map(({ path: name, mode, sizeBytes }) => [name, mode, sizeBytes]),
        expected,
      )
    })
  }

  it('the root holds all', async () => {
    const found = await reader.entriesAt(github.repository, sha, [''], soon())
    assert.deepEqual(found.get('')?.filter(({ path }) => path.startsWith('policy/')).length, 2)
  })

  it('cost a request a directory, and of a known tree nothing', async () => {
    const paths = ['policy/a.py', 'policy/gone', 'policy/deep/b.py', 'policy/deep/c.py']
    const fresh = createForgeReader(counting(github.client, asked))
    asked.length = 0
    await fresh.entriesAt(github.repository, sha, paths, soon())
    await fresh.entriesAt(github.repository, sha, paths, soon())
    assert.equal(asked.length, 3)
  })

  it('beyond a hundred directories are left out', async () => {
    const files = Object.fromEntries(Array.from({ length: 110 }, (_, index) => [`dirs/${index}/a.txt`, `${index}`]))
    const commit = CommitSha((await github.commit('directories', files, 'main')).sha)
    const found = await createForgeReader(github.client).entriesAt(github.repository, commit, Object.keys(files), soon())
    assert.equal(found.size, 98)
  })
})

it('what GitHub does not answer is an error to retry', async () => {
  await github.admin.setFaults({ api: [{ kind: 'error', when: 'before', path: '/branches/main' }] })
  await assert.rejects(
    reader.branchHead(github.repository, 'main', soon()),
    (error) => error instanceof ForgeError && error.reaction === 'retry',
  )
})

async function pushHostileTree(): Promise<CommitSha> {
  return await pushTree('hostile', async (directory) => {
    await mkdir(join(directory, '.osmo/deep'))
    await writeFile(join(directory, '.osmo/a.yaml'), 'workflow: a')
    await writeFile(join(directory, '.osmo/binary.yaml'), Buffer.from([0xff, 0xfe, 0x00]))
    await writeFile(join(directory, '.osmo/data.bin'), 'not yaml')
    await writeFile(join(directory, '.osmo/deep/b.yml'), 'b', { mode: 0o755 })
    await writeFile(join(directory, '.osmo/large.yaml'), 'x'.repeat(1024 * 1024 + 1))
    await symlink('../../../etc/passwd', join(directory, '.osmo/link.yaml'))
    await git(directory, 'update-index', '--add', '--cacheinfo', `160000,${mainSha},.osmo/module`)
  })
}

async function pushTree(branch: string, change: (directory: string) => Promise<void>): Promise<CommitSha> {
  const directory = github.directory(`clone-${branch}`)
  await git(github.directory('.'), 'clone', '--quiet', github.pushUrl, directory)
  await change(directory)
  await git(directory, 'add', '--ignore-removal', '.')
  await git(directory, 'commit', '--quiet', '-m', branch)
  await git(directory, 'push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`)
  return CommitSha(await git(directory, 'rev-parse', 'HEAD'))
}

/** Notes the route of every request that is made. */
function counting(client: GithubClient, routes: string[]): GithubClient {
  return {
    ...client,
    read: (call) => {
      routes.push(call.route)
      return client.read(call)
    },
  }
}
