import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type DiskWatchOptions, type FreeSpace, watchDisk } from '../../src/task/disk-watch.ts'

const mebibyte = 1024 * 1024

describe('The watch over the disk', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'osmo-disk-'))
    write('before', 8)
  })
  afterEach(() => rmSync(directory, { recursive: true }))
  const write = (name: string, mebibytes: number) =>
    execFileSync('/bin/sh', ['-c', 'mkdir -p work; head -c "$1" /dev/zero > "work/$2"', 'sh', String(mebibytes * mebibyte), name], {
      cwd: directory,
    })
  const aSpace = (freeMebibytes: number): FreeSpace => ({
    freeBytes: freeMebibytes * mebibyte,
    totalBytes: 5000 * mebibyte,
    freeFileShare: 1,
  })
  const aWatch = (spaces: readonly FreeSpace[], options: Partial<DiskWatchOptions> = {}) => {
    let looks = 0
    const freeSpace = async () => spaces[Math.min(looks++, spaces.length - 1)] ?? aSpace(1000)
    const watch = watchDisk({ directory, parts: ['work'], maxGrowthBytes: 1000 * mebibyte, everyMs: 5, freeSpace, ...options })
    return {
      watch,
      looks: async (wanted: number) => {
        while (looks < wanted) await sleep(5)
      },
    }
  }
  const fault = async (watch: ReturnType<typeof watchDisk>) => {
    if (!watch.signal.aborted) await new Promise((resolve) => watch.signal.addEventListener('abort', resolve))
    return watch.fault()
  }

  it('counts what is written while it lasts, not what was there', async () => {
    const { watch, looks } = aWatch([aSpace(1000)], { maxGrowthBytes: 4 * mebibyte })
    await looks(3)
    assert.equal(watch.fault(), undefined)
    write('more', 6)
    const found = await fault(watch)
    assert.equal(found?.blame, 'own')
    assert.match(found?.message ?? '', /wrote \d+ bytes to the disk; an attempt may write 4194304/)
  })

  it('ends who filled the disk as soon as the reserve is touched', async () => {
    const spaces = [aSpace(106)]
    const { watch, looks } = aWatch(spaces)
    await looks(3)
    write('more', 8)
    spaces[0] = aSpace(98)
    assert.equal((await fault(watch))?.blame, 'own')
  })

  it('ends the others when half of the reserve is gone, as a fault of the machine', async () => {
    const spaces = [aSpace(1000)]
    const { watch, looks } = aWatch(spaces)
    await looks(3)
    spaces[0] = aSpace(98)
    await looks(8)
    assert.equal(watch.fault(), undefined)
    spaces[0] = aSpace(40)
    assert.equal((await fault(watch))?.blame, 'others')
  })

  it('sees a disk that has no room for another file', async () => {
    const { watch } = aWatch([aSpace(1000), { ...aSpace(1000), freeFileShare: 0.005 }])
    assert.equal((await fault(watch))?.blame, 'others')
  })

  it('ends nothing once it was stopped', async () => {
    const spaces = [aSpace(1000)]
    const { watch, looks } = aWatch(spaces)
    await looks(3)
    watch.stop()
    spaces[0] = aSpace(0)
    await sleep(30)
    assert.equal(watch.signal.aborted, false)
  })
})
