import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, it } from 'node:test'
import { openLogFile } from '../../src/installation/log-file.ts'

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'osmo-log-'))
  path = join(directory, 'service.log')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const maxBytes = 1000
const linesOf = (file: string) => readFileSync(file, 'utf8').trim().split('\n').map(Number)

it('keeps the newest lines in two bounded files, none of them lost', () => {
  const log = openLogFile(path, maxBytes)
  for (let line = 0; line < 2000; line++) log.write(`${line}\n`)
  assert.deepEqual(readdirSync(directory).toSorted(), ['service.log', 'service.log.old'])
  const lines = [...linesOf(`${path}.old`), ...linesOf(path)]
  assert.deepEqual(
    lines,
    Array.from({ length: lines.length }, (_, index) => 2000 - lines.length + index),
  )
  for (const file of [path, `${path}.old`]) {
    assert.ok(statSync(file).size <= maxBytes + 5)
    assert.equal(statSync(file).mode & 0o077, 0)
  }
})

it('goes on with the file of an earlier service while that has room', () => {
  appendFileSync(path, 'x'.repeat(maxBytes - 2))
  openLogFile(path, maxBytes).write('1\n')
  assert.equal(existsSync(`${path}.old`), false)
  openLogFile(path, maxBytes).write('2\n')
  assert.equal(statSync(`${path}.old`).size, maxBytes)
  assert.deepEqual(linesOf(path), [2])
})

it('goes on when somebody takes the file away', () => {
  const log = openLogFile(path, maxBytes)
  log.write(`${'1'.repeat(maxBytes)}\n`)
  rmSync(path)
  log.write('2\n')
  assert.deepEqual(linesOf(path), [2])
})
