import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { lstat, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { type Header, pack } from 'tar-stream'
import { unpack } from '../../src/task/unpack.ts'

type Entry = Partial<Header> & { readonly name: string; readonly text?: string }

describe('unpack', () => {
  let root: string
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'osmo-unpack-'))
  })
  after(() => rm(root, { recursive: true }))
  let count = 0
  const unpacked = async (...entries: readonly Entry[]) => {
    const directory = join(root, `case-${count++}`, 'tree')
    await unpack(tarOf(entries), directory, 'same')
    return directory
  }

  it('makes files with their modes, directories and links', async () => {
    const tree = await unpacked(
      { name: './a/b/run.sh', text: 'echo', mode: 0o4755 },
      { name: 'empty/', type: 'directory' },
      { name: 'a/link', type: 'symlink', linkname: 'b/run.sh' },
      { name: 'closed', text: 'x', mode: 0o200 },
    )
    assert.equal(await readFile(join(tree, 'a/link'), 'utf8'), 'echo')
    assert.equal((await lstat(join(tree, 'a/b/run.sh'))).mode & 0o7777, 0o755)
    assert.equal((await lstat(join(tree, 'closed'))).mode & 0o777, 0o600)
    assert.equal(await readlink(join(tree, 'a/link')), 'b/run.sh')
    assert.deepEqual(await readdir(join(tree, 'empty')), [])
  })

  const refused: readonly (readonly [string, ...Entry[]])[] = [
    ['a path that leaves', { name: '../evil', text: 'x' }],
    ['a path that leaves later', { name: 'a/../../evil', text: 'x' }],
    ['an absolute path', { name: '/tmp/evil', text: 'x' }],
    ['a file through a link to a directory', { name: 'out', type: 'symlink', linkname: '..' }, { name: 'out/evil', text: 'x' }],
    ['a directory over a link', { name: 'out', type: 'symlink', linkname: '..' }, { name: 'out', type: 'directory' }],
    ['a file over a link', { name: 'out', type: 'symlink', linkname: '../evil' }, { name: 'out', text: 'x' }],
    ['a hard link', { name: 'hard', type: 'link', linkname: '/etc/passwd' }],
    ['a device', { name: 'device', type: 'character-device' }],
  ]
  for (const [what, ...entries] of refused) {
    it(`refuses ${what}`, async () => {
      const directory = join(root, `case-${count++}`)
      await assert.rejects(unpack(tarOf(entries), join(directory, 'tree'), 'same'))
      assert.deepEqual(await readdir(directory), ['tree'])
    })
  }

  it('refuses what broke off', async () => {
    const whole = await Readable.from(tarOf([{ name: 'a', text: 'x'.repeat(5000) }])).toArray()
    const half = Buffer.concat(whole).subarray(0, 2000)
    await assert.rejects(unpack(Readable.from([half]), join(root, 'half'), 'same'))
  })
})

function tarOf(entries: readonly Entry[]): Readable {
  const tar = pack()
  for (const { text, ...header } of entries) tar.entry(header, text ?? '')
  tar.finalize()
  return Readable.from(tar as unknown as AsyncIterable<Uint8Array>)
}
