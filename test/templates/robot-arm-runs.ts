import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

export const template = new URL('../../templates/robot-arm/', import.meta.url).pathname
const modules = new URL('../../node_modules', import.meta.url).pathname
const run = promisify(execFile)

/** A checkout of the demo repository beside its toolchain, as a task sees it below `/osmo`. */
export type Workspace = AsyncDisposable & {
  /** Runs one of the repository's programs with Node; returns what it printed. */
  run(program: string, options: readonly string[], environment?: Readonly<Record<string, string>>): Promise<string>
  /** Runs a task's command, this Node first in the path. */
  shell(command: readonly string[]): Promise<void>
  readonly directory: string
  read(path: string): Promise<string>
}

/** `main`, or main with the files of one pull request over it. */
export async function openWorkspace(version: string): Promise<Workspace> {
  const directory = await mkdtemp(join(tmpdir(), 'robot-arm-'))
  const repository = join(directory, 'repository')
  await symlink(modules, join(directory, 'node_modules'))
  await cp(join(template, 'repository'), repository, { recursive: true })
  if (version !== 'main') await cp(join(template, 'changes', version, 'files'), repository, { recursive: true })
  return {
    directory,
    async run(program, options, environment = {}) {
      const { stdout } = await run(process.execPath, [program, ...options], {
        cwd: repository,
        env: { ...process.env, ...environment },
        timeout: 120_000,
      })
      return stdout
    },
    async shell([program = '', ...options]) {
      const environment = { PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`, OSMO_REPOSITORY: repository }
      await run(program, options, { cwd: directory, env: environment, timeout: 120_000 })
    },
    read: (path) => readFile(join(directory, path), 'utf8'),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}
