import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { DirectoryInUse, openDataDirectory } from '../../src/installation/data-directory.ts'

const root = mkdtempSync(join(tmpdir(), 'osmo-data-'))
const made = [root]
after(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true })
})

describe('A data directory', () => {
  it('is open once at a time', async () => {
    const directory = await openDataDirectory(join(root, 'once'))
    await assert.rejects(openDataDirectory(join(root, 'once')), DirectoryInUse)
    await directory.close()
    await (await openDataDirectory(join(root, 'once'))).close()
  })

  const before: readonly (readonly [string, (place: string) => void])[] = [
    ['a link', (place) => symlinkSync(root, place)],
    [
      'a directory that others may enter',
      (place) => {
        mkdirSync(place)
        chmodSync(place, 0o755)
      },
    ],
  ]
  for (const [what, make] of before) {
    for (const length of ['short', 'long'] as const) {
      it(`with a ${length} path is refused when ${what} is where its sockets would be`, async () => {
        const path = join(root, `${what.length}-${'x'.repeat(length === 'long' ? 90 : 1)}`)
        const place = socketsOf(path, length)
        made.push(place)
        mkdirSync(dirname(place), { recursive: true })
        make(place)
        await assert.rejects(openDataDirectory(path), /closed to others \(mode 0700\).*remove it/)
      })
    }
  }
})

/** Anybody can know this name. */
const socketsOf = (path: string, length: 'short' | 'long') =>
  length === 'short' ? join(path, 'sockets') : join(tmpdir(), `osmo-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`)
