import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { chooseAccount } from '../../src/store/embedded/account.ts'
import { nativeDirectory, prepareBinaries } from '../../src/store/embedded/binaries.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/store/embedded/embedded.ts'
import { prepareSocketDirectory } from '../../src/store/embedded/socket-directory.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createPool } from '../../src/store/pool.ts'
import { aDatabase, silentLog } from '../harness/postgres.ts'

/** One row a file: a migration runs once, however many replicas start. */
const migrationFiles = readdirSync(new URL('../../src/store/migrations', import.meta.url)).length

const running = new Map<string, EmbeddedPostgres[]>()

async function start(directory: string, settings: Readonly<Record<string, string>> = { fsync: 'off' }): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ directory, log: silentLog, settings })
  running.set(directory, [...(running.get(directory) ?? []), postgres])
  return postgres
}

async function aDirectory(context: TestContext): Promise<string> {
  const parent = await mkdtemp(path.join(os.tmpdir(), 'osmo-embedded-'))
  const directory = path.join(parent, 'postgres')
  context.after(async () => {
    for (const postgres of running.get(directory) ?? []) await postgres.stop()
    await rm(parent, { recursive: true, force: true })
  })
  return directory
}

async function query<T extends object>(postgres: EmbeddedPostgres, text: string): Promise<T[]> {
  const pool = createPool({ ...postgres.connection, max: 1 }, silentLog)
  try {
    return (await pool.query<T>(text)).rows
  } finally {
    await pool.end()
  }
}

const postmasterPid = async (directory: string) =>
  Number.parseInt(await readFile(path.join(directory, 'data', 'postmaster.pid'), 'utf8'), 10)

describe('Embedded PostgreSQL', () => {
  it('listens on a socket that lets only us in, never runs as root, and keeps fsync on', async (context) => {
    const directory = await aDirectory(context)
    const postgres = await start(directory, {})
    const rows = await query(
      postgres,
      `select current_setting('listen_addresses') as tcp, current_setting('fsync') as fsync,
      current_setting('server_encoding') as encoding`,
    )
    assert.deepEqual(rows, [{ tcp: '', fsync: 'on', encoding: 'UTF8' }])
    assert.equal((await stat(postgres.connection.host)).mode & 0o777, 0o700)
    assert.notEqual((await stat(path.join(directory, 'data'))).uid, 0)
  })

  it('is adopted when it outlived a service that was killed', async (context) => {
    const directory = await aDirectory(context)
    const script = `import { startEmbeddedPostgres } from '${new URL('../../src/store/embedded/embedded.ts', import.meta.url)}'
      await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)}, log: { info() {}, warn() {} }, settings: { fsync: 'off' } })
      process.kill(process.pid, 'SIGKILL')`
    const service = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: 'ignore' })
    await new Promise((resolve) => service.once('exit', resolve))
    const pid = await postmasterPid(directory)
    const postgres = await start(directory)
    assert.equal(postgres.origin, 'adopted')
    assert.equal(await postmasterPid(directory), pid)
  })

  it('starts again by itself after kill -9, with what was committed', async (context) => {
    const directory = await aDirectory(context)
    const postgres = await start(directory)
    await query(postgres, 'create table kept as select 42 as answer')
    const pid = await postmasterPid(directory)
    process.kill(pid, 'SIGKILL')
    while ((await postmasterPid(directory).catch(() => pid)) === pid) await sleep(50)
    await postgres.ensureRunning()
    assert.deepEqual(await query(postgres, 'select answer from kept'), [{ answer: 42 }])
  })

  it('finds everything as it was after a stop, and starts despite what a crash left behind', async (context) => {
    const directory = await aDirectory(context)
    const first = await start(directory)
    await query(first, 'create table kept as select 42 as answer')
    await first.stop()
    await assert.rejects(stat(path.join(directory, 'data', 'postmaster.pid')), /ENOENT/)
    // The number of a process that lives and is somebody else, as after a reboot.
    await writeFile(path.join(directory, 'data', 'postmaster.pid'), `${process.pid}\n${path.join(directory, 'data')}\n`)
    await mkdir(path.join(directory, 'data.new'))
    const second = await start(directory)
    assert.equal(second.origin, 'started')
    assert.deepEqual(await query(second, 'select answer from kept'), [{ answer: 42 }])
  })

  it('puts its socket elsewhere when the path of the data directory is too long for one', async (context) => {
    const directory = path.join(await aDirectory(context), 'x'.repeat(100))
    await mkdir(directory, { recursive: true })
    const chosen = await prepareSocketDirectory(directory, undefined)
    context.after(() => rm(chosen, { recursive: true, force: true }))
    assert.ok(Buffer.byteLength(chosen) < 90)
    assert.equal((await stat(chosen)).mode & 0o777, 0o700)
    assert.equal(await prepareSocketDirectory(directory, undefined), chosen)
  })

  const notRoot = process.getuid?.() === 0 ? false : 'only root gives PostgreSQL a uid of its own'
  it('is copied to where its own uid can read it, when npm put it out of reach', { skip: notRoot }, async (context) => {
    const directory = await aDirectory(context)
    await mkdir(directory)
    const account = await chooseAccount(directory, path.join(directory, 'data'))
    const outOfReach = path.join(path.dirname(directory), 'secret')
    await mkdir(outOfReach, { mode: 0o700 })
    await cp(path.join(nativeDirectory(), '..'), outOfReach, { recursive: true })
    const { initdb, environment } = await prepareBinaries(directory, account, path.join(outOfReach, 'native'))
    assert.ok(initdb.startsWith(directory))
    const { stdout } = await promisify(execFile)(initdb, ['--version'], { ...(account && { uid: account.uid }), env: environment })
    assert.match(stdout, /PostgreSQL/)
  })

  it('says which directory bars the way of its own uid', { skip: notRoot }, async (context) => {
    const secret = await aDirectory(context)
    const directory = path.join(secret, 'service', 'postgres')
    await mkdir(directory, { recursive: true })
    await chmod(secret, 0o700)
    await assert.rejects(start(directory), new RegExp(`may not enter ${secret}: choose a data directory elsewhere`))
  })

  it('refuses a socket directory that somebody else has put there', async (context) => {
    const directory = await aDirectory(context)
    await mkdir(directory)
    await symlink(os.tmpdir(), path.join(directory, 'run'))
    await assert.rejects(prepareSocketDirectory(directory, undefined), /to be a directory of our own, found something else/)
  })
})

describe('Migrations', () => {
  let database: Awaited<ReturnType<typeof aDatabase>>
  before(async () => {
    database = await aDatabase()
  })

  it('may be run again, and by several replicas at once', async () => {
    await database.pool.query('drop schema public cascade; create schema public')
    await Promise.all([migrate(database.pool), migrate(database.anotherPool()), migrate(database.pool)])
    await migrate(database.pool)
    const { rows } = await database.pool.query('select count(*)::int as count from kysely_migration')
    assert.deepEqual(rows, [{ count: migrationFiles }])
  })

  it('refuse a database of a newer program', async () => {
    await database.pool.query(`insert into kysely_migration (name, timestamp) values ('9999-later', '2100-01-01')`)
    await assert.rejects(migrate(database.pool), /Expected to bring the database to schema \d{4}-[a-z-]+, got/)
  })
})
