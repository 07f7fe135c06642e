import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { LogSpool } from '../../src/task/log-spool.ts'

const mebibyte = 1024 * 1024
const hasPrlimit = existsSync('/usr/bin/prlimit') || process.env.CI === 'true'

describe('log spool', () => {
  const directories: string[] = []
  after(() => {
    for (const directory of directories) rmSync(directory, { recursive: true })
  })
  const aSpool = () => {
    const directory = mkdtempSync(join(tmpdir(), 'osmo-spool-'))
    directories.push(directory)
    const spool = new LogSpool(directory)
    const all = () => {
      const chunks = []
      while (!spool.isEmpty) chunks.push(...spool.take(3))
      return chunks
    }
    const bytesOnDisk = () => readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
    return {
      spool,
      all,
      bytesOnDisk,
      text: () =>
        all()
          .map(({ text }) => text)
          .join(''),
    }
  }

  it('numbers what it gives, and never changes it', () => {
    const { spool } = aSpool()
    spool.write(Buffer.from('one\n'))
    assert.deepEqual(spool.take(5), [{ sequence: 0, text: 'one\n' }])
    spool.write(Buffer.from('two\n'))
    spool.write(Buffer.from('three\n'))
    assert.deepEqual(spool.take(5), [{ sequence: 1, text: 'two\nthree\n' }])
    assert.deepEqual(spool.take(5), [])
  })

  it('begins its own lines at the start of a line', () => {
    const { spool, text } = aSpool()
    spool.note('first')
    spool.write(Buffer.from('no end of line'))
    spool.note('second')
    assert.equal(text(), '[osmo] first\nno end of line\n[osmo] second\n')
  })

  it('replaces NUL, which PostgreSQL refuses, and bytes that are no UTF-8', () => {
    const { spool, text } = aSpool()
    spool.write(Buffer.from([0x61, 0x00, 0xff, 0x62]))
    assert.equal(text(), 'a\uFFFD\uFFFDb')
  })

  it('cuts no character, whatever the pieces it is written in', () => {
    const whole = 'aé€😀\n'.repeat(40_000)
    const bytes = Buffer.from(whole)
    for (const size of [1, 7, 4093, 65_536, bytes.length]) {
      const { spool, all } = aSpool()
      for (let at = 0; at < Math.min(bytes.length, size * 20_000); at += size) spool.write(bytes.subarray(at, at + size))
      const chunks = all()
      const written = bytes
        .subarray(0, Math.min(bytes.length, size * 20_000))
        .toString()
        .replace(/\uFFFD+$/, '')
      assert.ok(chunks.map(({ text }) => text).join('') === written, `in pieces of ${size}`)
      assert.ok(chunks.every(({ text }) => Buffer.byteLength(text) <= 65_536))
    }
  })

  it('keeps the first MiB and the last ten or more, in 16 MiB of disk, and counts what is lost', () => {
    const { spool, text, bytesOnDisk } = aSpool()
    const line = `${'x'.repeat(99)}\n`
    const block = Buffer.from(line.repeat(10_000))
    spool.write(Buffer.from('first\n'))
    for (let written = 0; written < 40; written++) spool.write(block)
    spool.write(Buffer.from('last\n'))
    assert.ok(bytesOnDisk() <= 16 * mebibyte)
    const kept = text()
    const lost = Number(/(\d+) bytes of output are not kept/.exec(kept)?.[1])
    const gap = /\n\[osmo\] … .* …\n/.exec(kept)?.[0] ?? ''
    assert.equal(kept.length - gap.length + lost, 6 + 40 * block.length + 5)
    assert.ok(kept.startsWith('first\n') && kept.endsWith('last\n'))
    assert.ok((kept.indexOf(gap) ?? 0) >= mebibyte - 4 && kept.length - kept.indexOf(gap) >= 10 * mebibyte)
  })

  it('loses nothing while what it holds is taken', () => {
    const { spool, bytesOnDisk } = aSpool()
    let taken = 0
    for (let written = 0; written < 40; written++) {
      spool.write(Buffer.alloc(mebibyte, 'y'))
      while (!spool.isEmpty) taken += spool.take(8).reduce((sum, { text }) => sum + text.length, 0)
    }
    assert.equal(taken, 40 * mebibyte)
    assert.ok(bytesOnDisk() <= 16 * mebibyte)
  })

  it('outlives a full disk, and counts what it did not take', { skip: hasPrlimit ? false : 'prlimit is missing' }, () => {
    const { spool, text } = aSpool()
    spool.write(Buffer.from('before\n'))
    withFileLimit(4096, () => {
      for (let line = 0; line < 10; line++) spool.write(Buffer.alloc(2000, 'x'))
      spool.note('still here')
    })
    spool.write(Buffer.from('after\n'))
    const told = text()
    assert.ok(told.startsWith('before\nxxx') && told.endsWith('there was no room on the disk …\nafter\n'))
    const lost = [...told.matchAll(/… (\d+) bytes/g)].reduce((sum, [, bytes]) => sum + Number(bytes), 0)
    assert.equal(told.split('x').length - 1 + lost, 20_000 + '\n[osmo] still here\n'.length)
  })

  it('tells who waits that something came', async () => {
    const { spool } = aSpool()
    const waiting = spool.written()
    spool.write(Buffer.from('x'))
    await waiting
  })
})

/** For this process: writes beyond it fail with EFBIG, as they do with ENOSPC on a full disk. */
function withFileLimit(bytes: number, act: () => void): void {
  const limit = (value: string) => execFileSync('/usr/bin/prlimit', ['--pid', String(process.pid), `--fsize=${value}:`])
  limit(String(bytes))
  try {
    act()
  } finally {
    limit('unlimited')
  }
}
