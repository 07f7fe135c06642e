import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { createDirectoryStore } from '../../src/data/directory-store.ts'
import { bytes, describeObjectStore } from './object-store.contract.ts'

describeObjectStore('a directory', async () => {
  const root = mkdtempSync(join(tmpdir(), 'osmo-objects-'))
  return { store: await createDirectoryStore(root), close: () => rm(root, { recursive: true }) }
})

it('follows no link that somebody put into the directory', async () => {
  const root = mkdtempSync(join(tmpdir(), 'osmo-objects-'))
  const store = await createDirectoryStore(root)
  await symlink('/etc', join(root, 'objects/etc'))
  await symlink('/etc/passwd', join(root, 'objects/passwd'))
  assert.equal(await store.get('etc/passwd'), undefined)
  assert.equal(await store.get('passwd'), undefined)
  assert.deepEqual(await store.list('', 100), [])
  await rm(root, { recursive: true })
})

it('clears away what a killed process left half written', async () => {
  const root = mkdtempSync(join(tmpdir(), 'osmo-objects-'))
  await createDirectoryStore(root)
  await writeFile(join(root, 'uploads/half'), 'x')
  const store = await createDirectoryStore(root)
  await store.put('a', bytes('x'), { maxBytes: 1 })
  assert.deepEqual(await readdir(join(root, 'uploads')), [])
  await rm(root, { recursive: true })
})
