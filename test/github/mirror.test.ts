import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { extract } from 'tar-stream'
import { ForgeError, type SourceMirror } from '../../src/engine/ports.ts'
import { createSourceMirror, type MirrorOptions } from '../../src/github/mirror.ts'
import { mirrorAccess } from '../../src/github/mirror-access.ts'
import { createForgeReader } from '../../src/github/reader.ts'
import { CommitSha } from '../../src/workflow/names.ts'
import { git } from '../github-twin/harness.ts'
import { aGithub, soon, type TestGithub } from './stage.ts'

type Entry = { readonly type: string; readonly mode: string; readonly link: string; readonly text: string }

let github: TestGithub
let mirror: SourceMirror
let noted: string[]
let first: CommitSha
let second: CommitSha
let hostile: CommitSha
before(async () => {
  github = await aGithub()
  noted = []
  mirror = aMirror()
  first = CommitSha((await github.commit('main', { 'README.md': 'robot', 'policy/train.py': 'print(1)', 'policy/deep/a.txt': 'a' })).sha)
  second = CommitSha((await github.commit('main', { 'README.md': 'better robot', '.gitattributes': 'policy export-ignore' })).sha)
  hostile = await pushHostileTree()
})
after(() => github.stage.close())

describe('an archive', () => {
  it('holds the tree at the commit, export-ignore or not', async () => {
    const entries = await unpack(await mirror.archive(github.repository, second, { paths: undefined }, soon()))
    assert.deepEqual([...entries.keys()], ['.gitattributes', 'README.md', 'policy/deep/a.txt', 'policy/train.py'])
    assert.deepEqual(entries.get('README.md'), { type: 'file', mode: '644', link: '', text: 'better robot' })
  })

  it('of an older commit is the older tree', async () => {
    const entries = await unpack(await mirror.archive(github.repository, first, { paths: undefined }, soon()))
    assert.equal(entries.get('README.md')?.text, 'robot')
  })

  it('of the same tree is the same bytes, whoever makes it', async () => {
    const one = await buffer(await mirror.archive(github.repository, second, { paths: undefined }, soon()))
    const other = await buffer(await aMirror('another').archive(github.repository, second, { paths: undefined }, soon()))
    assert.ok(one.equals(other))
  })

  const selections: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['policy'], ['policy/deep/a.txt', 'policy/train.py']],
    [['policy/'], ['policy/deep/a.txt', 'policy/train.py']],
    [['./policy/deep'], ['policy/deep/a.txt']],
    [
      ['policy', 'policy/deep'],
      ['policy/deep/a.txt', 'policy/train.py'],
    ],
    [
      ['README.md', 'policy/train.py'],
      ['README.md', 'policy/train.py'],
    ],
    [['.'], ['.gitattributes', 'README.md', 'policy/deep/a.txt', 'policy/train.py']],
    [['poli'], []],
    [['gone'], []],
    [['pol*'], []],
    [[':(glob)**'], []],
    [['--output=/tmp/x'], []],
    [[], []],
  ]
  for (const [paths, expected] of selections) {
    it(`of ${JSON.stringify(paths)} holds ${expected.length} files`, async () => {
      const entries = await unpack(await mirror.archive(github.repository, second, { paths }, soon()))
      assert.deepEqual([...entries.keys()], expected)
    })
  }

  for (const path of ['..', '../x', 'policy/../../x', '/etc', 'a\0b']) {
    it(`of ${JSON.stringify(path)} is refused`, async () => {
      await assert.rejects(mirror.archive(github.repository, second, { paths: [path] }, soon()), /Expected a path inside the repository/)
    })
  }

  it('keeps modes and links, and leaves out links that leave the root and submodules, with a note', async () => {
    noted.length = 0
    const entries = await unpack(await mirror.archive(github.repository, hostile, { paths: ['odd'] }, soon()))
    assert.deepEqual(
      [...entries].map(([name, { type, mode, link }]) => [name, type, mode, link]),
      [
        ['odd/$(touch x)', 'file', '644', ''],
        ['odd/-', 'file', '644', ''],
        ['odd/--upload-pack=x', 'file', '644', ''],
        ['odd/deep/in', 'symlink', '777', '../../README.md'],
        ['odd/deep/root', 'symlink', '777', '../..'],
        ['odd/line\nbreak', 'file', '644', ''],
        [`odd/${'n'.repeat(200)}/${'m'.repeat(200)}`, 'file', '644', ''],
        ['odd/run.sh', 'file', '755', ''],
        ['odd/same', 'symlink', '777', 'run.sh'],
      ],
    )
    assert.deepEqual(noted, [
      'symbolic link that leaves the repository left out: odd/absolute',
      'symbolic link that leaves the repository left out: odd/deep/out',
      'symbolic link that leaves the repository left out: odd/deep/through',
      'submodule left out: odd/module',
      'symbolic link that leaves the repository left out: odd/zigzag',
    ])
  })

  it('above its limit fails before its first byte and says what to do', async () => {
    const small = aMirror('small', { maxArchiveBytes: 10 })
    await assert.rejects(small.archive(github.repository, second, { paths: undefined }, soon()), /at most 10 bytes.*checkout/)
  })

  it('that nobody reads to its end leaves no process behind', async () => {
    for await (const _ of await mirror.archive(github.repository, second, { paths: undefined }, soon())) break
    await untilNoGit(github.directory('mirror'))
  })
})

describe('files for localpath', () => {
  it('are a file, or those of a directory, or nothing', async () => {
    const one = await mirror.files(github.repository, second, 'policy/train.py', soon())
    assert.deepEqual(
      one?.map(({ path, contents, mode }) => [path, String(contents), mode]),
      [['policy/train.py', 'print(1)', 0o644]],
    )
    const all = await mirror.files(github.repository, second, 'policy', soon())
    assert.deepEqual(
      all?.map(({ path }) => path),
      ['policy/deep/a.txt', 'policy/train.py'],
    )
    assert.equal(await mirror.files(github.repository, second, 'gone', soon()), undefined)
    assert.equal((await mirror.files(github.repository, hostile, 'odd/run.sh', soon()))?.[0]?.mode, 0o755)
  })

  const refused: readonly (readonly [string, RegExp])[] = [
    ['odd/same', /symbolic link/],
    ['odd/deep', /symbolic link/],
    ['odd/module', /submodule/],
    ['large.bin', /at most 1048576 bytes/],
    ['many', /at most 16777216 bytes/],
    ['../x', /inside the repository/],
    ['/etc/passwd', /inside the repository/],
  ]
  for (const [path, message] of refused)
    it(`of ${path} are refused`, () => assert.rejects(mirror.files(github.repository, hostile, path, soon()), message))

  for (const path of ['odd/-', 'odd/--upload-pack=x', 'odd/$(touch x)', 'odd/line\nbreak']) {
    it(`may be called ${JSON.stringify(path)}`, async () => {
      assert.deepEqual(
        (await mirror.files(github.repository, hostile, path, soon()))?.map((file) => file.path),
        [path],
      )
    })
  }
  for (const path of ['-', '--help', ':/', '*']) {
    it(`of ${path} are none, since that is a name and nothing else`, async () => {
      assert.equal(await mirror.files(github.repository, hostile, path, soon()), undefined)
    })
  }
})

describe('ancestors', () => {
  it('come nearest first, along first parents, without the commit itself', async () => {
    assert.deepEqual(await mirror.ancestors(github.repository, second, 10, soon()), [first])
    assert.deepEqual(await mirror.ancestors(github.repository, first, 10, soon()), [])
    assert.deepEqual(await mirror.ancestors(github.repository, second, 0, soon()), [])
    assert.deepEqual(await mirror.ancestors(github.repository, hostile, 1, soon()), [second])
  })
})

describe('a commit is an ancestor', () => {
  const table: readonly (readonly [title: string, pair: () => readonly [CommitSha, CommitSha], expected: boolean])[] = [
    ['of one above it', () => [first, second], true],
    ['of itself', () => [first, first], true],
    ['of none below it', () => [second, first], false],
    ['of none that knows it not', () => [CommitSha('0123456789'.repeat(4)), second], false],
  ]
  for (const [title, pair, expected] of table)
    it(title, async () => {
      const [ancestor, descendant] = pair()
      assert.equal(await mirror.isAncestor(github.repository, ancestor, descendant, soon()), expected)
    })
})

describe('a fetch', () => {
  it('is made once for all who want the same commit, and not at all for one that is there', async () => {
    let asked = 0
    const counted = aMirror('counted', {
      access: async () => {
        asked += 1
        return await access()
      },
    })
    await Promise.all(Array.from({ length: 8 }, () => counted.files(github.repository, second, 'README.md', soon())))
    assert.equal(asked, 1)
  })

  it('is not stopped by what a killed one left behind', async () => {
    const directory = join(github.directory('killed'), `${github.repository.id}.git`)
    const killed = aMirror('killed')
    await killed.files(github.repository, first, 'README.md', soon())
    await writeFile(join(directory, 'refs/osmo', `${second}.lock`), '')
    await writeFile(join(directory, 'packed-refs.lock'), '')
    await writeFile(join(directory, 'objects/pack/tmp_pack_x'), 'half')
    await mkdir(`${directory}.new`)
    assert.equal((await killed.files(github.repository, second, 'README.md', soon()))?.length, 1)
    assert.deepEqual(
      (await readdir(join(directory, 'objects/pack'))).filter((name) => name.startsWith('tmp_')),
      [],
    )
  })

  it('reaches the head of a pull request from a fork', async () => {
    const fork = await github.admin.fork({ repository: github.repository.fullName, owner: 'eve' })
    const { sha } = await github.admin.commitFiles({
      repository: fork.fullName,
      branch: 'main',
      author: 'eve',
      message: 'mine',
      files: { 'eve.md': 'e' },
    })
    await github.admin.createPullRequest({
      repository: github.repository.fullName,
      author: 'eve',
      title: 'x',
      head: 'eve:main',
      base: 'main',
    })
    assert.equal((await mirror.files(github.repository, CommitSha(sha), 'eve.md', soon()))?.length, 1)
  })

  it('of a commit that is nowhere is given up', async () => {
    await assert.rejects(
      mirror.files(github.repository, CommitSha('e'.repeat(40)), 'x', soon()),
      (error) => error instanceof ForgeError && error.reaction === 'give-up',
    )
  })

  it('leaves its token in no file', async () => {
    const { token } = await access()
    const encoded = Buffer.from(`x-access-token:${token}`).toString('base64')
    for (const file of await readdir(github.directory('mirror'), { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue
      const contents = await readFile(join(file.parentPath, file.name), 'latin1')
      assert.ok(!contents.includes(token) && !contents.includes(encoded), `${file.name} holds the token`)
    }
  })

  it('follows no redirect with a token in its hands, and repeats no secret', async () => {
    let visitors = 0
    const evil = createServer((_, response) => {
      visitors += 1
      response.end()
    })
    const evilUrl = await listening(evil)
    const redirecting = createServer((request, response) => response.writeHead(302, { location: `${evilUrl}${request.url}` }).end())
    try {
      const lured = aMirror('lured', {
        gitUrl: await listening(redirecting),
        access: async () => ({ fullName: 'ada/robot-arm', token: 'ghs_PLANTED123456' }),
      })
      const error = await lured.files(github.repository, first, 'x', soon()).then(
        () => undefined,
        (reason) => reason,
      )
      assert.ok(error instanceof ForgeError)
      assert.doesNotMatch(error.message, /PLANTED/)
      assert.equal(visitors, 0)
    } finally {
      evil.close()
      redirecting.close()
    }
  })

  it('goes on for the next who asks when whoever began it stops waiting', async () => {
    let asked = 0
    const slow = Promise.withResolvers<void>()
    const shared = aMirror('shared', {
      access: async (_, signal) => {
        asked += 1
        await slow.promise
        signal.throwIfAborted()
        return await access()
      },
    })
    const impatient = new AbortController()
    const first = shared.files(github.repository, second, 'README.md', impatient.signal)
    while (asked === 0) await new Promise(setImmediate)
    impatient.abort(new Error('enough'))
    await assert.rejects(first, /enough/)
    slow.resolve()
    assert.equal((await shared.files(github.repository, second, 'README.md', soon()))?.length, 1)
    assert.equal(asked, 1)
  })

  it('of more than it may bring is given up', {
    skip: existsSync('/usr/bin/prlimit') || process.env.CI === 'true' ? false : 'prlimit is missing',
  }, async () => {
    const small = aMirror('bounded', { maxFetchBytes: 4096 })
    await assert.rejects(
      small.files(github.repository, hostile, 'README.md', soon()),
      (error) => error instanceof ForgeError && error.reaction === 'give-up' && /may bring 4096 bytes/.test(error.message),
    )
  })

  it('ends when the mirror stops', async () => {
    const hanging = createServer(() => undefined)
    try {
      const stuck = aMirror('stopped', {
        gitUrl: await listening(hanging),
        access: async () => ({ fullName: 'ada/robot-arm', token: 'x' }),
      })
      const waiting = assert.rejects(stuck.files(github.repository, first, 'x', soon()), ForgeError)
      await new Promise((resolve) => hanging.once('request', resolve))
      await stuck.stop()
      await waiting
      await untilNoGit(github.directory('stopped'))
    } finally {
      hanging.closeAllConnections()
      hanging.close()
    }
  })

  it('that hangs ends by its deadline, and its process with it', async () => {
    const hanging = createServer(() => undefined)
    try {
      const stuck = aMirror('stuck', {
        gitUrl: await listening(hanging),
        fetchSeconds: 0.5,
        access: async () => ({ fullName: 'ada/robot-arm', token: 'x' }),
      })
      await assert.rejects(
        stuck.files(github.repository, first, 'x', soon()),
        (error) => error instanceof ForgeError && error.reaction === 'retry',
      )
      await untilNoGit(github.directory('stuck'))
    } finally {
      hanging.closeAllConnections()
      hanging.close()
    }
  })

  it('runs nothing that a name could start', async () => {
    for (const fullName of ['--upload-pack=touch x/y', 'ext::sh -c x/y', '../x', 'a/..', '-a/b c']) {
      const lured = aMirror('named', { access: async () => ({ fullName, token: 'x' }) })
      await assert.rejects(lured.files(github.repository, first, 'x', soon()), /Expected owner\/name|ended with/)
    }
  })

  for (const gitUrl of ['http://github.example', 'ssh://github.example', 'file:///etc', 'https://user@github.example', 'ext::sh']) {
    it(`is not made from ${gitUrl}`, () => assert.throws(() => aMirror('never', { gitUrl }), /Expected an/))
  }
})

function aMirror(name = 'mirror', options: Partial<MirrorOptions> = {}): ReturnType<typeof createSourceMirror> {
  return createSourceMirror({
    directory: github.directory(name),
    gitUrl: github.stage.twin.url,
    searchPath: process.env.PATH ?? '',
    access,
    log: { warn: (fields: { path?: string }, message: string) => void noted.push(`${message}: ${fields.path}`) },
    ...options,
  })
}

const access = async () => ({ fullName: github.repository.fullName, token: await github.client.readToken(github.repository, soon()) })

it('a renamed repository is fetched under its present name, and one that is gone is given up', async () => {
  const connected = aMirror('connected', { access: mirrorAccess(github.client, createForgeReader(github.client)) })
  const renamed = { ...github.repository, fullName: 'ada/former-name' }
  assert.equal((await connected.files(renamed, second, 'README.md', soon()))?.length, 1)
  const gone = { ...github.repository, id: 987_654, fullName: 'ada/none' }
  await assert.rejects(
    connected.files(gone, second, 'README.md', soon()),
    (error) => error instanceof ForgeError && error.reaction === 'give-up',
  )
})

async function pushHostileTree(): Promise<CommitSha> {
  const directory = github.directory('clone')
  await git(github.directory('.'), 'clone', '--quiet', github.pushUrl, directory)
  const at = (path: string) => join(directory, path)
  const long = `odd/${'n'.repeat(200)}`
  for (const folder of ['odd/deep', long, 'many']) await mkdir(at(folder), { recursive: true })
  for (const name of ['-', '--upload-pack=x', '$(touch x)', 'line\nbreak']) await writeFile(at(`odd/${name}`), name)
  await writeFile(join(at(long), 'm'.repeat(200)), 'long')
  await writeFile(at('odd/run.sh'), '#!/bin/sh\n', { mode: 0o755 })
  await writeFile(at('large.bin'), Buffer.alloc(1024 * 1024 + 1))
  for (let index = 0; index < 17; index++) await writeFile(at(`many/${index}`), Buffer.alloc(1024 * 1024, index))
  const links = {
    'odd/same': 'run.sh',
    'odd/absolute': '/etc/passwd',
    'odd/deep/in': '../../README.md',
    'odd/deep/out': '../../../outside',
    'odd/deep/root': '../..',
    'odd/deep/through': 'root/../x',
    'odd/zigzag': 'deep/../../..',
  }
  for (const [path, target] of Object.entries(links)) await symlink(target, at(path))
  await git(directory, 'add', '.')
  await git(directory, 'update-index', '--add', '--cacheinfo', `160000,${first},odd/module`)
  await git(directory, 'commit', '--quiet', '-m', 'odd things')
  await git(directory, 'push', '--quiet', 'origin', 'HEAD:refs/heads/odd')
  return CommitSha(await git(directory, 'rev-parse', 'HEAD'))
}

async function unpack(archive: AsyncIterable<Uint8Array>): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>()
  const reader = extract()
  reader.end(await buffer(archive))
  for await (const entry of reader) {
    const { name, type, mode, linkname } = entry.header
    entries.set(name, { type: type ?? '', mode: (mode ?? 0).toString(8), link: linkname ?? '', text: await text(entry) })
  }
  return entries
}

async function listening(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return `http://127.0.0.1:${address.port}`
}

/** Waits until no process has this directory in its arguments; the test's deadline ends a wait in vain. */
async function untilNoGit(directory: string): Promise<void> {
  for (;;) {
    const running = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n')
    if (!running.some((line) => line.includes(directory) && line.startsWith('git'))) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
