import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TwinOptionsInput } from '../github-twin/server.ts'

/** The stand-in for GitHub, as a process of its own: like the real one it goes on when this service dies, and is found again. */
export type TwinProcess = {
  readonly url: string
  readonly adminToken: string
  readonly privateKey: string
  readonly origin: 'started' | 'adopted'
  /** Ends it, and resolves once it is gone. */
  stop(): Promise<void>
  /** Looks after it no more; it goes on for the next start to adopt. */
  leave(): Promise<void>
}

type Options = TwinOptionsInput & { readonly adminToken: string; readonly port: number }

const startSeconds = 20
const stopSeconds = 10
const watchMilliseconds = 1000

export type TwinLog = { warn(details: object, message: string): void }

/**
 * Starts it, or adopts the one that outlived an earlier service on the same directory. While the service runs, one that dies is started again
 * on its port and its data.
 */
export async function startTwinProcess(options: Options, log: TwinLog): Promise<TwinProcess> {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  const url = `http://127.0.0.1:${options.port}`
  const files = {
    options: join(options.directory, 'options.json'),
    ready: join(options.directory, 'ready.json'),
    log: join(options.directory, 'twin.log'),
  }
  const adopted = existsSync(files.ready) && (await isAnswering(url, options))
  if (!adopted) await spawnTwin(files, options, url)
  const { privateKey } = readReady(files)
  const watch = watchOver(() => restart(files, options, url, log), log)
  const origin = adopted ? 'adopted' : 'started'
  return { url, adminToken: options.adminToken, privateKey, origin, leave: watch.end, stop: () => watch.end().then(() => stop(files)) }
}

/** Calls `restart` every second, one call at a time. */
function watchOver(restart: () => Promise<void>, log: TwinLog): { end(): Promise<void> } {
  let restarting: Promise<void> | undefined
  const look = () => {
    restarting ??= restart()
      .catch((error: unknown) => log.warn({ err: error }, 'The GitHub stand-in could not be started again'))
      .finally(() => {
        restarting = undefined
      })
  }
  const timer = setInterval(look, watchMilliseconds).unref()
  return {
    async end() {
      clearInterval(timer)
      await restarting
    },
  }
}

async function restart(files: Files, options: Options, url: string, log: TwinLog): Promise<void> {
  if (runs(readReady(files).pid, files.options)) return
  log.warn({ directory: options.directory }, 'The GitHub stand-in is gone; starting it again')
  await spawnTwin(files, options, url)
}

type Ready = { readonly pid: number; readonly privateKey: string }

const readReady = ({ ready }: Files) => JSON.parse(readFileSync(ready, 'utf8')) as Ready

type Files = { readonly options: string; readonly ready: string; readonly log: string }

async function spawnTwin(files: Files, options: Options, url: string): Promise<void> {
  writeFileSync(files.options, JSON.stringify(options), { mode: 0o600 })
  const log = openSync(files.log, 'a', 0o600)
  const program = new URL('../github-twin/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, files.options], {
    detached: true,
    stdio: ['ignore', 'pipe', log],
  })
  closeSync(log)
  try {
    const line = await firstLine(child, files.log)
    const { privateKey } = JSON.parse(line) as { privateKey: string }
    writeFileSync(`${files.ready}.new`, JSON.stringify({ pid: child.pid, privateKey }), { mode: 0o600 })
    renameSync(`${files.ready}.new`, files.ready)
    if (!(await isAnswering(url, options))) throw new Error(`Expected the GitHub stand-in to answer on ${url}; see ${files.log}`)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  child.stdout?.destroy()
  child.unref()
}

function firstLine(child: ReturnType<typeof spawn>, log: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => give(`did not start within ${startSeconds} s`), 1000 * startSeconds)
    let text = ''
    child.once('error', (error) => give(`could not be started: ${error.message}`))
    child.once('exit', (code) => give(`ended with code ${code}`))
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (!text.includes('\n')) return
      clearTimeout(timer)
      child.removeAllListeners('exit')
      resolve(text.slice(0, text.indexOf('\n')))
    })

    function give(what: string): void {
      clearTimeout(timer)
      reject(new Error(`The GitHub stand-in ${what}; see ${log}`))
    }
  })
}

/** A machine that is busy answers late, and one that is taken for dead would be started twice: so only a refusal says that nobody is there. */
async function isAnswering(url: string, options: Options): Promise<boolean> {
  const deadline = Date.now() + 1000 * startSeconds
  for (;;) {
    const answer = await ask(url, options)
    if (answer !== 'silence') return answer === 'ours'
    if (Date.now() > deadline) throw new Error(`Somebody listens on ${url} and has not answered within ${startSeconds} s: end that process`)
    await sleep(200)
  }
}

/** Only the twin of this directory knows the token. */
async function ask(url: string, { adminToken }: Options): Promise<'ours' | 'not-ours' | 'silence'> {
  try {
    const response = await fetch(`${url}/_twin/deliveries`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: '{}',
      signal: AbortSignal.timeout(5000),
    })
    return response.ok ? 'ours' : 'not-ours'
  } catch (error) {
    return isRefusal(error) ? 'not-ours' : 'silence'
  }
}

const isRefusal = (error: unknown) => error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED'

/** Its port closes before it has ended, so it is the process that is waited for. */
async function stop(files: Files): Promise<void> {
  const { pid } = readReady(files)
  const deadline = Date.now() + 1000 * stopSeconds
  if (runs(pid, files.options)) process.kill(pid, 'SIGTERM')
  while (runs(pid, files.options)) {
    if (Date.now() > deadline) return void process.kill(pid, 'SIGKILL')
    await sleep(50)
  }
}

/** Whether the number is still the twin's: after a crash somebody else may have it. One that has ended has no command line any more. */
function runs(pid: number, optionsFile: string): boolean {
  return commandLineOf(pid).includes(optionsFile)
}

function commandLineOf(pid: number): string {
  if (process.platform !== 'linux')
    return spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8', timeout: 5000 }).stdout ?? ''
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
