import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { removeTree } from '../../src/engine/remove-tree.ts'

describe('Removing what a task left', () => {
  let root: string
  let tree: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'osmo-remove-'))
    tree = join(root, '-rf')
    mkdirSync(tree)
  })
  afterEach(() => rmSync(root, { recursive: true }))

  it('goes deeper than a path can be long', async () => {
    const nest = 'name=$(printf %0200d 0); for i in $(seq 40); do mkdir $name && cd $name || exit 9; done'
    execFileSync('/bin/bash', ['-c', nest], { cwd: tree })
    assert.deepEqual(await removeTree(tree), { kind: 'removed' })
    assert.equal(existsSync(tree), false)
  })

  it('follows no link', async () => {
    const kept = join(root, 'kept')
    mkdirSync(kept)
    writeFileSync(join(kept, 'file'), '')
    symlinkSync(kept, join(tree, 'link'))
    assert.deepEqual(await removeTree(tree), { kind: 'removed' })
    assert.equal(existsSync(join(kept, 'file')), true)
  })

  const isRoot = process.getuid?.() === 0
  it('opens what is closed', async () => {
    mkdirSync(join(tree, 'closed'))
    writeFileSync(join(tree, 'closed/file'), '')
    chmodSync(join(tree, 'closed'), 0)
    if (isRoot) asNobody(root, tree)
    else assert.deepEqual(await removeTree(tree), { kind: 'removed' })
    assert.equal(existsSync(tree), false)
  })

  it('is no error when there is nothing, and says what is left otherwise', async () => {
    assert.deepEqual(await removeTree(join(root, 'absent')), { kind: 'removed' })
    const left = await removeTree(join(root, 'absent/below'))
    assert.match(left.kind === 'left' ? left.reason : '', /rm could not be run to its end/)
  })
})

/** Root may enter everything, so another user has to try. */
function asNobody(root: string, tree: string): void {
  const uid = 65_534
  execFileSync('/bin/chown', ['-R', String(uid), '--', root])
  const module = new URL('../../src/engine/remove-tree.ts', import.meta.url).href
  const script = `process.setgid(${uid}); process.setuid(${uid}); const { kind } = await removeTree(process.argv[1]); process.exit(kind === 'removed' ? 0 : 1)`
  const load = `const { removeTree } = await import('${module}')`
  execFileSync(process.execPath, ['--input-type=module', '--eval', `${load}; ${script}`, '--', tree], { cwd: root })
}
