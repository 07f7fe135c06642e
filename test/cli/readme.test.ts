import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { directoryWith } from './command.ts'

const root = join(import.meta.dirname, '..', '..')
const commands = readFileSync(join(root, 'README.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('node bin/osmo.mjs '))

for (const command of commands) {
  it(`\`${command}\` succeeds`, (test) => {
    const home = directoryWith(test, {})
    const [, ...parameters] = command.split(' ')
    const environment = { PATH: process.env.PATH ?? '', HOME: home }
    const out = execFileSync(process.execPath, parameters, {
      cwd: root,
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    assert.ok(command.includes(' validate ') ? out === '' : out.length > 0)
  })
}

it('the README shows the command', () => assert.equal(commands.length, 3))
