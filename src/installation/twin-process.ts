import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TwinOptionsInput } from '../github-twin/server.ts'

/** The stand-in for GitHub, as a process of its own: like the real one it goes on when this service dies, and is found again. */
export type TwinProcess = {
  readonly url: string
  readonly adminToken: string
  readonly privateKey: string
  readonly origin: 'started' | 'adopted'
  stop(): Promise<void>
}

type Options = TwinOptionsInput & { readonly adminToken: string; readonly port: number }

const startSeconds = 20

/** Starts it, or adopts the one that outlived an earlier service on the same directory. */
export async function startTwinProcess(options: Options): Promise<TwinProcess> {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  const url = `http://127.0.0.1:${options.port}`
  const files = {
    options: join(options.directory, 'options.json'),
    ready: join(options.directory, 'ready.json'),
    log: join(options.directory, 'twin.log'),
  }
  const adopted = (await isOurs(url, options)) && existsSync(files.ready)
  if (!adopted) await spawnTwin(files, options, url)
  const { pid, privateKey } = JSON.parse(readFileSync(files.ready, 'utf8')) as { pid: number; privateKey: string }
  return { url, adminToken: options.adminToken, privateKey, origin: adopted ? 'adopted' : 'started', stop: () => stop(pid, url, options) }
}

async function spawnTwin(
  files: { readonly options: string; readonly ready: string; readonly log: string },
  options: Options,
  url: string,
): Promise<void> {
  writeFileSync(files.options, JSON.stringify(options), { mode: 0o600 })
  const log = openSync(files.log, 'a', 0o600)
  const program = new URL('../github-twin/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, files.options], {
    detached: true,
    stdio: ['ignore', 'pipe', log],
  })
  const line = await firstLine(child, files.log)
  child.stdout?.destroy()
  child.unref()
  const { privateKey } = JSON.parse(line) as { privateKey: string }
  writeFileSync(`${files.ready}.new`, JSON.stringify({ pid: child.pid, privateKey }), { mode: 0o600 })
  renameSync(`${files.ready}.new`, files.ready)
  if (!(await isOurs(url, options))) throw new Error(`Expected the GitHub stand-in to answer on ${url}; see ${files.log}`)
}

function firstLine(child: ReturnType<typeof spawn>, log: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const give = (what: string) => reject(new Error(`The GitHub stand-in ${what}; see ${log}`))
    const timer = setTimeout(() => give(`did not start within ${startSeconds} s`), 1000 * startSeconds)
    let text = ''
    child.once('exit', (code) => give(`ended with code ${code}`))
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (!text.includes('\n')) return
      clearTimeout(timer)
      child.removeAllListeners('exit')
      resolve(text.slice(0, text.indexOf('\n')))
    })
  })
}

/** Only the twin of this directory knows the token. */
async function isOurs(url: string, { adminToken }: Options): Promise<boolean> {
  try {
    const response = await fetch(`${url}/_twin/deliveries`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: '{}',
      signal: AbortSignal.timeout(2000),
    })
    return response.ok
  } catch {
    return false
  }
}

async function stop(pid: number, url: string, options: Options): Promise<void> {
  if (!(await isOurs(url, options))) return
  process.kill(pid, 'SIGTERM')
  for (let waited = 0; waited < 50 && (await isOurs(url, options)); waited++) await sleep(100)
}
