import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type pg from 'pg'

/** What the machine takes for the part of a task that nobody can leave out. */
export type Floors = {
  /** `a bubblewrap sandbox` or, where that does not work, `a process`. */
  readonly sandboxWords: string
  /** Milliseconds from spawn to exit of `true` in it. */
  sandbox(): Promise<number>
  /** The same below a Node process that does nothing else. */
  supervisor(): Promise<number>
  /** Milliseconds of one inserted row, committed. */
  commit(): Promise<number>
}

const sandboxed = ['bwrap', '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev', '--unshare-pid', '--unshare-ipc', '--', '/bin/true']
const bare = ['/bin/true']

export async function openFloors(pool: pg.Pool): Promise<Floors> {
  await pool.query('create table if not exists bench_commit (id bigint generated always as identity primary key, body text not null)')
  const works = spawnSync('bwrap', sandboxed.slice(1), { stdio: 'ignore' }).status === 0
  const command = works ? sandboxed : bare
  const script = `const [program, ...args] = ${JSON.stringify(command)}; require('node:child_process').spawn(program, args, { stdio: 'ignore' }).on('exit', (code) => process.exit(code))`
  return {
    sandboxWords: works ? 'a bubblewrap sandbox' : 'a process',
    sandbox: () => timed(() => finished(command)),
    supervisor: () => timed(() => finished([process.execPath, '-e', script])),
    commit: () => timed(() => pool.query({ name: 'commit', text: 'insert into bench_commit (body) values ($1)', values: ['started'] })),
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await act()
  return performance.now() - start
}

async function finished([program = '', ...args]: readonly string[]): Promise<void> {
  const [code] = await once(spawn(program, args, { stdio: 'ignore' }), 'exit')
  if (code !== 0) throw new Error(`Expected ${program} to end with 0, got ${code}`)
}
