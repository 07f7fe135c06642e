import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { run } from '../../src/cli.ts'

export type Ran = { readonly code: number; readonly out: string; readonly error: string }

/** Runs the command in this process, in a directory of its own with these files. */
export function osmo(directory: string, ...parameters: readonly string[]): Promise<Ran> {
  return osmoWith('', directory, ...parameters)
}

export async function osmoWith(input: string | Uint8Array, directory: string, ...parameters: readonly string[]): Promise<Ran> {
  const streams = { out: '', error: '' }
  const code = await run(parameters, {
    directory,
    colour: 'plain',
    input: async (limit) => Buffer.from(input).subarray(0, limit + 1),
    out: (text) => {
      streams.out += text
    },
    error: (text) => {
      streams.error += text
    },
  })
  return { code, ...streams }
}

export type Files = Readonly<Record<string, string | Uint8Array>>

export function directoryWith(test: Pick<TestContext, 'after'>, files: Files): string {
  const directory = mkdtempSync(join(tmpdir(), 'osmo-cli-'))
  test.after(() => rmSync(directory, { recursive: true, force: true }))
  for (const [path, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), contents)
  }
  return directory
}

/** The same as a git repository with one commit of it all. */
export function repositoryWith(test: Pick<TestContext, 'after'>, files: Files): string {
  const directory = directoryWith(test, files)
  git(directory, 'init', '--quiet', '--initial-branch=main')
  commitAll(directory)
  return directory
}

export function commitAll(directory: string): void {
  git(directory, 'add', '--all')
  git(directory, '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message=x')
}

export function git(directory: string, ...parameters: readonly string[]): string {
  return execFileSync('git', ['-C', directory, ...parameters], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}

/** A spec with one task, whose further keys are given as flow entries, below optional sections. */
export function oneTask(entries = '', sections = ''): string {
  const task = `{name: eval, image: a, command: [b]${entries === '' ? '' : `, ${entries}`}}`
  return `${sections}workflow:\n  name: nav\n  tasks:\n  - ${task}\n`
}
