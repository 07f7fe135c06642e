import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Diagnostic } from '../../src/spec/types.ts'
import { directoryWith, type Files, oneTask, osmo, osmoWith } from './command.ts'

const withPipe = (test: TestContext, path: string, files: Files = { '.osmo/a.yaml': oneTask() }) => {
  const directory = directoryWith(test, files)
  execFileSync('mkfifo', [join(directory, path)])
  return directory
}
const found = (out: string) => JSON.parse(out).map(({ file, code }: Diagnostic) => `${file} ${code}`)

describe('What is no regular file is never waited for', () => {
  it('a pipe as operand', async (test) => {
    const { out, code } = await osmo(withPipe(test, 'b.yaml'), 'validate', 'b.yaml', '--format=json')
    assert.deepEqual([found(out), code], [['b.yaml limit/unreadable'], 1])
    assert.match(out, /it is not a regular file/)
  })

  it('a device as operand', async () => {
    assert.match((await osmo('/', 'validate', '/dev/zero')).out, /it is not a regular file/)
  })

  it("a pipe as the administrator's file", async (test) => {
    const { error, code } = await osmo(withPipe(test, 'config'), 'validate', '--config', 'config')
    assert.match(error, /Cannot read the configuration config\. .*not a regular file/)
    assert.equal(code, 2)
  })

  it("an administrator's file without end", async (test) => {
    const directory = directoryWith(test, { '.osmo/a.yaml': oneTask(), config: 'x'.repeat(2 ** 21) })
    assert.match((await osmo(directory, 'validate', '--config=config')).out, /at most 1048576 bytes.*\[limit\/file-size\]/)
  })

  for (const operand of ['.osmo', '.osmo/a.yaml'])
    it(`a pipe as settings, for ${operand}`, async (test) => {
      const { out, code } = await osmo(withPipe(test, '.osmo/config.yaml'), 'validate', '--format=json', operand)
      assert.deepEqual([found(out), code], [['.osmo/config.yaml limit/unreadable'], 1])
    })

  for (const [operand, expected] of [
    ['.osmo', 'limit/symlink'],
    ['.osmo/a.yaml', 'limit/unreadable'],
  ])
    it(`a link to a device as settings, for ${operand}`, async (test) => {
      const directory = directoryWith(test, { '.osmo/a.yaml': oneTask() })
      symlinkSync('/dev/zero', join(directory, '.osmo', 'config.yaml'))
      const { out, code } = await osmo(directory, 'validate', '--format=json', operand ?? '')
      assert.deepEqual([found(out), code], [[`.osmo/config.yaml ${expected}`], 1])
      assert.equal((await osmo(directory, 'render', '.osmo/a.yaml')).code, 1)
      assert.equal((await osmo(directory, 'plan')).code, 1)
    })

  it('standard input is read, by whichever name', async () => {
    for (const name of ['-', '/dev/stdin', '/dev/fd/0'])
      assert.deepEqual(found((await osmoWith(oneTask('imagee: x'), '/', 'validate', '--format=json', name)).out), [
        '<stdin> schema/unknown-key',
      ])
  })

  it("a shell's <(command) is read", (test) => {
    const directory = directoryWith(test, { 'a.yaml': oneTask('imagee: x') })
    const cli = join(import.meta.dirname, '..', '..', 'src', 'cli.ts')
    const script = 'cat a.yaml | "$0" "$1" validate /dev/fd/3 --format=json 3<&0 </dev/null'
    const { stdout } = spawnSync('sh', ['-c', script, process.execPath, cli], { cwd: directory, encoding: 'utf8', timeout: 20_000 })
    assert.deepEqual(found(stdout), ['/dev/fd/3 schema/unknown-key'])
  })
})

describe('A directory without specs', () => {
  for (const command of ['validate', 'render', 'export'])
    it(`is an error of the command line for osmo ${command}`, async (test) => {
      const directory = directoryWith(test, { 'README.md': 'x' })
      mkdirSync(join(directory, 'below', '.osmo'), { recursive: true })
      for (const path of ['.', 'below', 'below/.osmo']) {
        const { error, code } = await osmo(directory, command, path)
        assert.match(error, /Expected specs in the directory .*, but it has none/)
        assert.equal(code, 2)
      }
    })
})

describe('Files that a spec names', () => {
  it('are looked for although the spec has other errors', async (test) => {
    const directory = directoryWith(test, {
      'a.yaml': oneTask('imagee: x, files: [{path: /a, localpath: b}, {path: /c, localpath: ../..}]'),
    })
    writeFileSync(join(directory, 'b'), 'x'.repeat(2 ** 20 + 1))
    const { out } = await osmo(directory, 'validate', 'a.yaml', '--format=json')
    assert.ok(found(out).includes('a.yaml schema/unknown-key'), out)
    assert.ok(found(out).includes('a.yaml limit/localpath'), out)
  })

  it('may be a directory that has no end', async (test) => {
    const { code, out } = await osmo(
      directoryWith(test, { 'a.yaml': oneTask('files: [{path: /a, localpath: /proc/../proc}]') }),
      'validate',
      'a.yaml',
    )
    assert.equal(code, 1, out)
    const deep = directoryWith(test, { 'x/y/a.yaml': oneTask('files: [{path: /a, localpath: ..}]'), 'x/b': '' })
    symlinkSync('..', join(deep, 'x', 'loop'))
    assert.deepEqual(found((await osmo(deep, 'validate', 'x/y/a.yaml', '--format=json')).out), ['x/y/a.yaml semantic/localpath'])
  })

  it('that are not allowed at all have one fault each', async (test) => {
    const directory = directoryWith(test, { '.osmo/a.yaml': oneTask('files: [{path: /a, localpath: ../../x}]') })
    assert.deepEqual(found((await osmo(directory, 'validate', '--format=json')).out), ['.osmo/a.yaml semantic/localpath'])
  })
})

it('osmo --version says which it is', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'))
  assert.deepEqual(await osmo('/', '--version'), { code: 0, out: `${version}\n`, error: '' })
})
