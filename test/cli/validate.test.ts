import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import type { Diagnostic } from '../../src/spec/types.ts'
import { commitAll, directoryWith, type Files, git, oneTask, osmo, osmoWith, repositoryWith } from './command.ts'

type Expected = { readonly code: number; readonly codes: readonly string[] }

/** Files, parameters, exit code and the codes of what is found. */
const examples: readonly (readonly [title: string, files: Files, parameters: string, expected: Expected])[] = [
  ['a good file', { 'a.yaml': oneTask() }, 'a.yaml', { code: 0, codes: [] }],
  ['a bad file', { 'a.yaml': oneTask('imagee: x') }, 'a.yaml', { code: 1, codes: ['schema/unknown-key'] }],
  ['a warning alone is no failure', { 'a.yaml': oneTask('lead: "yes"') }, 'a.yaml', { code: 0, codes: ['schema/coerced'] }],
  [
    'several faults at once',
    { 'a.yaml': oneTask('imagee: x, lead: maybe') },
    'a.yaml',
    { code: 1, codes: ['schema/type', 'schema/unknown-key'] },
  ],
  ['many files', { 'a.yaml': oneTask(), 'b.yaml': oneTask('x: 1') }, 'a.yaml b.yaml', { code: 1, codes: ['schema/unknown-key'] }],
  [
    'a directory',
    { 'x/a.yaml': oneTask(), 'x/y/b.yml': oneTask('x: 1'), 'x/c.json': '{' },
    'x',
    { code: 1, codes: ['schema/unknown-key'] },
  ],
  ['a repository: only its .osmo', { '.osmo/a.yaml': oneTask(), 'chart/b.yaml': 'kind: Pod\n' }, '.', { code: 0, codes: [] }],
  ['.osmo when nothing is named', { '.osmo/a.yaml': oneTask('x: 1') }, '', { code: 1, codes: ['schema/unknown-key'] }],
  ['no file', {}, 'missing.yaml', { code: 1, codes: ['limit/unreadable'] }],
  ['bytes that are no text', { 'a.yaml': new Uint8Array([0x77, 0xff]) }, 'a.yaml', { code: 1, codes: ['limit/unreadable'] }],
  ['more than 1 MiB', { 'a.yaml': 'x'.repeat(2 ** 20 + 1) }, 'a.yaml', { code: 1, codes: ['limit/file-size'] }],
  ['an empty file', { 'a.yaml': '' }, 'a.yaml', { code: 1, codes: ['syntax/no-workflow'] }],
  [
    'two files of one name',
    { '.osmo/a.yaml': oneTask(), '.osmo/a.yml': oneTask() },
    '.osmo',
    { code: 1, codes: ['semantic/same-name', 'semantic/same-name'] },
  ],
  [
    'settings by another name',
    { '.osmo/config.yml': '', '.osmo/a.yaml': oneTask() },
    '.osmo',
    { code: 1, codes: ['semantic/settings-name'] },
  ],
  [
    'settings by another name, given themselves',
    { '.osmo/config.yml': '' },
    '.osmo/config.yml',
    { code: 1, codes: ['semantic/settings-name'] },
  ],
  ['the settings', { '.osmo/config.yaml': 'poool: x\n', '.osmo/a.yaml': oneTask() }, '.osmo', { code: 1, codes: ['schema/unknown-key'] }],
  [
    'a value from the settings',
    { '.osmo/config.yaml': 'values: {x: b}\n', '.osmo/a.yaml': oneTask('args: [{{ x }}]') },
    '.osmo',
    { code: 0, codes: [] },
  ],
  ['a value that nobody gives', { 'a.yaml': oneTask('args: [{{ x }}]') }, 'a.yaml', { code: 1, codes: ['template/undefined'] }],
  ['--set', { 'a.yaml': oneTask('args: [{{ x }}]') }, 'a.yaml --set x=1', { code: 0, codes: [] }],
  ['--set with two values', { 'a.yaml': oneTask('args: [{{ x }}{{ y }}]') }, '--set x=1 y=2 a.yaml', { code: 0, codes: [] }],
  [
    '--set reads integers, which have no length',
    { 'a.yaml': oneTask('args: [{{ x | length }}]') },
    'a.yaml --set x=12',
    { code: 1, codes: ['template/type'] },
  ],
  ['--set-string reads text', { 'a.yaml': oneTask('args: [{{ x | length }}]') }, 'a.yaml --set-string x=12', { code: 0, codes: [] }],
  [
    'a localpath that is not there',
    { 'a.yaml': oneTask('files: [{path: /a, localpath: b.py}]') },
    'a.yaml',
    { code: 0, codes: ['semantic/missing-localpath'] },
  ],
  [
    'a localpath that is there',
    { 'x/a.yaml': oneTask('files: [{path: /a, localpath: b.py}]'), 'x/b.py': '' },
    'x/a.yaml',
    { code: 0, codes: [] },
  ],
  [
    'a localpath that is too large',
    { 'a.yaml': oneTask('files: [{path: /a, localpath: b}]'), b: 'x'.repeat(2 ** 20 + 1) },
    'a.yaml',
    { code: 1, codes: ['limit/localpath'] },
  ],
]

describe('osmo validate', () => {
  for (const [title, files, parameters, { code, codes }] of examples) {
    it(title, async (test) => {
      const directory = directoryWith(test, files)
      const ran = await osmo(directory, 'validate', '--format', 'json', ...parameters.split(' ').filter((word) => word !== ''))
      const found: readonly Diagnostic[] = JSON.parse(ran.out)
      assert.deepEqual(found.map((one) => one.code).sort(), codes, ran.out)
      assert.equal(ran.code, code)
      assert.equal(ran.error, '')
    })
  }

  it('points at the place, as compilers do', async (test) => {
    const directory = directoryWith(test, {
      'a.yaml': 'workflow:\n  name: nav\n  tasks:\n  - name: eval\n    image: a\n    command: bash\n',
    })
    const { out, error, code } = await osmo(directory, 'validate', 'a.yaml')
    assert.equal(
      out,
      [
        'a.yaml:6:14: error: Expected a list for workflow.tasks[0].command, but it is the string "bash". Write it as [item] or as lines that begin with "- ". [schema/type]',
        '    6 |     command: bash',
        '      |              ^~~~',
        '',
      ].join('\n'),
    )
    assert.equal(error, '1 file: 1 error\n')
    assert.equal(code, 1)
  })

  it('gives each diagnostic its eight members', async () => {
    const { out } = await osmoWith(oneTask('imagee: x'), '/', 'validate', '-', '--format=json')
    assert.deepEqual(JSON.parse(out), [
      {
        file: '<stdin>',
        line: 4,
        column: 42,
        endLine: 4,
        endColumn: 48,
        severity: 'error',
        code: 'schema/unknown-key',
        message: 'workflow.tasks[0] has no key "imagee". Did you mean "image"?',
      },
    ])
  })

  it('shows the part of a long line where the fault is', async (test) => {
    const directory = directoryWith(test, { 'a.yaml': oneTask(`args: ['${'x'.repeat(5_000)}'], imagee: x`) })
    const { out } = await osmo(directory, 'validate', 'a.yaml')
    const [, source = '', carets = ''] = out.split('\n')
    assert.ok(source.length < 200)
    assert.equal(source.slice(carets.indexOf('^'), carets.lastIndexOf('~') + 1), 'imagee')
  })

  it('lets nothing from a file steer the terminal', async (test) => {
    const directory = directoryWith(test, { 'a.yaml': `workflow:\n  "na\u001b[31mme\u202e": x\n  "\u009b2J": y\n` })
    const { out } = await osmo(directory, 'validate', 'a.yaml')
    assert.ok(!['\u001b', '\u009b', '\u202e'].some((character) => out.includes(character)), JSON.stringify(out))
  })

  it('a link below .osmo is refused', async (test) => {
    const directory = directoryWith(test, { '.osmo/a.yaml': oneTask() })
    symlinkSync('a.yaml', join(directory, '.osmo', 'b.yaml'))
    const { out, code } = await osmo(directory, 'validate', '--format=json')
    assert.deepEqual([JSON.parse(out).map((one: Diagnostic) => one.code), code], [['limit/symlink'], 1])
  })
})

function file(path: string, contents: string) {
  return (directory: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), contents)
  }
}

const link = (target: string, path: string) => (directory: string) => symlinkSync(target, join(directory, path))

const megabytes = (count: number) => (directory: string) => {
  for (let index = 0; index < count; index++) file(`policy/${index}.bin`, 'x'.repeat(1_000_000))(directory)
}

const repository = (path: string) => (directory: string) => {
  file(`${path}/a.py`, 'x')(directory)
  git(join(directory, path), 'init', '--quiet')
  commitAll(join(directory, path))
}

describe('a localpath in a git working tree', () => {
  const files = { '.osmo/a.yaml': oneTask('files: [{path: /a, localpath: ../policy}]'), 'policy/a.py': 'x' }
  const codesOf = (out: string) => JSON.parse(out).map(({ code, severity }: Diagnostic) => `${severity} ${code}`)

  it('is fine when it is committed', async (test) => {
    const { out, code } = await osmo(repositoryWith(test, files), 'validate', '--format=json')
    assert.deepEqual([codesOf(out), code], [[], 0])
  })

  it('is an error when it is not there', async (test) => {
    const directory = repositoryWith(test, files)
    rmSync(join(directory, 'policy'), { recursive: true })
    const { out, code } = await osmo(directory, 'validate', '--format=json')
    assert.deepEqual([codesOf(out), code], [['error semantic/missing-localpath'], 1])
  })

  it('is a warning when git does not track it', async (test) => {
    const directory = repositoryWith(test, { '.osmo/a.yaml': files['.osmo/a.yaml'], '.gitignore': 'policy\n', 'policy/a.py': 'x' })
    const { out, code } = await osmo(directory, 'validate', '--format=json')
    assert.deepEqual([codesOf(out), code], [['warning semantic/uncommitted-localpath'], 0])
  })

  const committed: readonly (readonly [
    title: string,
    localpath: string,
    change: (directory: string) => void,
    found: string,
    says: RegExp,
  ])[] = [
    [
      'a directory with a file of 2 MB',
      '../policy',
      file('policy/big.bin', 'x'.repeat(2_000_000)),
      'error limit/localpath',
      /"\.\.\/policy\/big\.bin" has 2000000/,
    ],
    [
      'a directory with a link',
      '../policy',
      link('a.py', 'policy/link.py'),
      'error semantic/localpath',
      /"\.\.\/policy\/link\.py", a symbolic link/,
    ],
    ['a link', '../link.py', link('policy/a.py', 'link.py'), 'error semantic/localpath', /"\.\.\/link\.py", a symbolic link/],
    ['a file behind a link to a directory', '../pl/a.py', link('policy', 'pl'), 'error semantic/localpath', /"\.\.\/pl", a symbolic link/],
    ['a directory behind a link', '../pl/deep', link('policy', 'pl'), 'error semantic/localpath', /"\.\.\/pl", a symbolic link/],
    [
      'a directory with too much in all',
      '../policy',
      megabytes(17),
      'error limit/localpath',
      /at most 16777216 bytes by localpath in task "eval"/,
    ],
    ['the files of git itself', '../.git/config', () => undefined, 'error semantic/localpath', /git's own folder, which no commit holds/],
    ['a file below a file', '../policy/a.py/x', () => undefined, 'error semantic/missing-localpath', /there is none/],
    ['a name that is too long for a file', `../${'x'.repeat(300)}`, () => undefined, 'error semantic/missing-localpath', /there is none/],
    ['another repository', '../sub', repository('sub'), 'error semantic/localpath', /"\.\.\/sub", another git repository/],
    ['a file of another repository', '../sub/a.py', repository('sub'), 'error semantic/localpath', /"\.\.\/sub", another git repository/],
  ]
  for (const [title, localpath, change, found, says] of committed) {
    it(`is an error for ${title}, and osmo export refuses it too`, async (test) => {
      const directory = repositoryWith(test, { ...files, '.osmo/a.yaml': oneTask(`files: [{path: /a, localpath: ${localpath}}]`) })
      change(directory)
      file('more.txt', 'x')(directory)
      commitAll(directory)
      const { out, code } = await osmo(directory, 'validate', '--format=json')
      const [one]: readonly Diagnostic[] = JSON.parse(out)
      assert.deepEqual([codesOf(out), code, one?.line], [[found], 1, 4], out)
      assert.match(one?.message ?? '', says)
      const exported = await osmo(directory, 'export', '.osmo/a.yaml')
      assert.deepEqual([exported.out, exported.code], ['', 1])
    })
  }

  const untracked: readonly (readonly [title: string, localpath: string, added: readonly string[], says: RegExp | undefined])[] = [
    ['one new file below it', '../policy', ['policy/new.py'], /does not track "new\.py", so/],
    ['many', '../policy', ['policy/1', 'policy/2', 'policy/3', 'policy/4', 'policy/x/5'], /"1", "2", "3" and 2 more/],
    ['one that git ignores', '../policy', ['policy/a.pyc'], undefined],
    ['one elsewhere', '../policy', ['policy2/new.py'], undefined],
    ['none, for the whole repository', '..', [], undefined],
    ['one, for the whole repository', '..', ['new.py'], /localpath "\.\." git does not track "new\.py"/],
  ]
  for (const [title, localpath, added, says] of untracked) {
    it(`says what git does not track: ${title}`, async (test) => {
      const spec = oneTask(`files: [{path: /a, localpath: ${localpath}}]`)
      const directory = repositoryWith(test, { ...files, '.osmo/a.yaml': spec, '.gitignore': '*.pyc\n' })
      for (const path of added) file(path, 'x')(directory)
      const { out, code } = await osmo(directory, 'validate', '--format=json')
      assert.deepEqual([codesOf(out), code], [says === undefined ? [] : ['warning semantic/uncommitted-localpath'], 0], out)
      if (says !== undefined) assert.match(JSON.parse(out)[0].message, says)
    })
  }

  it('is an error when it leaves the repository', async (test) => {
    const directory = repositoryWith(test, { '.osmo/a.yaml': oneTask('files: [{path: /a, localpath: ../../x}]') })
    const { out } = await osmo(directory, 'validate', '--format=json')
    assert.deepEqual(codesOf(out), ['error semantic/localpath'])
  })
})

describe('osmo validate in a subdirectory', () => {
  const files = { '.osmo/a.yaml': oneTask('x: 1'), 'sim/deep/a.py': '' }

  it('of a git repository means the .osmo above, up to the top of the repository', async (test) => {
    const directory = repositoryWith(test, files)
    const { out, code } = await osmo(join(directory, 'sim', 'deep'), 'validate', '--format=json')
    assert.deepEqual([JSON.parse(out).map((one: Diagnostic) => one.file), code], [['../../.osmo/a.yaml'], 1])
    git(join(directory, 'sim'), 'init', '--quiet')
    assert.equal((await osmo(join(directory, 'sim', 'deep'), 'validate')).code, 2)
  })

  it('elsewhere means nothing', async (test) => {
    const { error, code } = await osmo(join(directoryWith(test, files), 'sim'), 'validate')
    assert.deepEqual([/no \.osmo here/.test(error), code], [true, 2])
  })
})

describe('osmo validate --config', () => {
  const config = `backends: {local: {kind: local}}
pools: {lab: {backend: local, platforms: {bench: {tier: hardware}}, topology_keys: [{key: rack, label: r}]}}
repositories: [{match: ['acme/*'], pools: {lab: [trusted]}}]
`
  const withResource = (resource: string) =>
    `workflow:\n  name: nav\n  resources: {default: ${resource}}\n  tasks:\n  - {name: eval, image: a, command: [b]}\n`
  const table: readonly (readonly [spec: string, parameters: string, found: readonly string[]])[] = [
    [withResource('{platform: bench}'), '', []],
    [withResource('{platform: bench}'), '--github repository=acme/robot', []],
    [withResource('{platform: bench}'), '--github repository=other/robot', ['warning 5:12']],
    [withResource('{platform: ovx}'), '', ['error 3:15']],
    [withResource('{platform: constructor}'), '', ['error 3:15']],
    [withResource('{}'), '', ['error 3:15']],
    [withResource('{platform: bench, topology: [{key: rack}]}'), '', []],
    [withResource('{platform: bench, topology: [{key: row}]}'), '', ['error 3:15']],
    [withResource('{platform: bench}').replace('command:', 'privileged: true, command:'), '', ['error 5:12']],
  ]
  for (const [spec, parameters, expected] of table) {
    it(`${spec.split('\n')[2]?.trim()} ${spec.includes('privileged') ? 'privileged ' : ''}${parameters}`, async (test) => {
      const directory = directoryWith(test, { 'a.yaml': spec, 'config.yaml': config })
      const words = parameters.split(' ').filter((word) => word !== '')
      const { out } = await osmo(directory, 'validate', 'a.yaml', '--config', 'config.yaml', '--format=json', ...words)
      const found = JSON.parse(out).map((one: Diagnostic) => `${one.severity} ${one.line}:${one.column}`)
      assert.deepEqual(found, expected, out)
    })
  }

  it('faults of the file itself come first', async (test) => {
    const directory = directoryWith(test, { 'a.yaml': oneTask(), 'config.yaml': 'backends: {}\npoools: {}\n' })
    const { out, code } = await osmo(directory, 'validate', 'a.yaml', '--config=config.yaml')
    assert.match(out, /^config\.yaml:1:1: error: /)
    assert.match(out, /^config\.yaml:2:1: error: .*"poools"/m)
    assert.equal(code, 1)
  })
})
