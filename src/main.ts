import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import { readSettings, type Settings, usage, WrongSettings } from './config.ts'
import { type Concluded, narrate } from './demo/narrator.ts'
import { type Demo, seedDemo } from './demo/seed.ts'
import { createTwinAdmin } from './demo/twin-admin.ts'
import { DirectoryInUse } from './installation/data-directory.ts'
import { AnotherWorker, type Installation, startInstallation } from './installation/installation.ts'
import { logOptions } from './installation/log.ts'
import { openLogFile } from './installation/log-file.ts'
import { Ended, type How } from './installation/stack.ts'

/** Composition root: reads the environment, starts the installation, and ends it as it is told to. */
async function main(): Promise<void> {
  const parameters = process.argv.slice(2)
  if (parameters.includes('--help') || parameters.includes('-h')) return void process.stdout.write(usage)
  const settings = readSettings(process.env, parameters, { isRoot: process.getuid?.() === 0 ? 'root' : 'user' })
  const started = performance.now()
  const log = logger(settings)
  const ending = listenForTheEnd(log)
  const installation = await startInstallation(settings, log, ending)
  ending.ends(installation)
  process.stdout.write(block(installation, (performance.now() - started) / 1000))
  if (installation.twin && settings.demo === 'run') await runDemo(installation, settings, ending.signal)
}

async function runDemo(installation: Installation, settings: Settings, signal: AbortSignal): Promise<void> {
  const { twin } = installation
  if (!twin) return
  const admin = createTwinAdmin(twin.url, twin.adminToken)
  const template = join(import.meta.dirname, '..', 'templates', 'robot-arm')
  const seed = () => seedDemo({ template, gitUrl: twin.url, admin, searchPath: settings.searchPath, say })
  const demo = await patiently(seed, signal)
  if (demo) await tellStory(demo, installation, signal)
}

async function tellStory(demo: Demo, { store, addresses }: Installation, signal: AbortSignal): Promise<void> {
  const verdicts = new Map<number, Concluded>()
  let told = false
  await narrate({ views: store.views, samples: store.samples, say, signal, concluded })

  function concluded(one: Concluded): void {
    if (told || !demo.pullRequests.some(({ number }) => number === one.pullRequest)) return
    verdicts.set(one.pullRequest ?? 0, one)
    if (verdicts.size < demo.pullRequests.length) return
    told = true
    process.stdout.write(invitation(demo, verdicts, addresses))
  }
}

const maxSeeds = 10

/** The stand-in for GitHub may die in the middle, is started again, and takes every step a second time. Undefined: the end came first. */
async function patiently(seed: () => Promise<Demo>, signal: AbortSignal): Promise<Demo | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      return await seed()
    } catch (error) {
      if (signal.aborted) return undefined
      if (tries === maxSeeds) throw error
      say(`The demo is not made yet, and is tried again: ${error instanceof Error ? error.message : String(error)}`)
    }
    await sleep(1000, undefined, { signal }).catch(() => undefined)
  }
}

function invitation(
  { repository, pullRequests }: Demo,
  verdicts: ReadonlyMap<number, Concluded>,
  { github, githubToken, pages, pagesToken }: Installation['addresses'],
): string {
  const lines = pullRequests.map(
    ({ number }) =>
      `  #${number}  ${verdicts.get(number)?.conclusion.padEnd(8)}  ${github}/${repository}/pull/${number}?token=${githubToken}`,
  )
  return [
    '',
    'Both verdicts are in. Open a pull request, pick who you are, and type a command such as /osmo status:',
    ...lines,
    'Tasks and logs open for a browser that was here once:',
    `  pages         ${pages}/?token=${pagesToken}`,
    '',
    'Serving until Ctrl-C',
    '',
    '',
  ].join('\n')
}

/** A line a change, with the time of day. */
function say(line: string): void {
  process.stdout.write(`${new Date().toTimeString().slice(0, 8)}  ${line}\n`)
}

function block({ addresses, parts }: Installation, seconds: number): string {
  const row = (name: string, value: string | undefined) => (value === undefined ? [] : [`  ${name.padEnd(10)} ${value}`])
  const token = (value: string | undefined) => (value === undefined ? '' : `?token=${value}`)
  return [
    '',
    `osmo-runner is up after ${seconds.toFixed(1)} s`,
    ...row('pages', addresses.pages && `${addresses.pages}/${token(addresses.pagesToken)}`),
    ...row('GitHub', `${addresses.github}/${token(addresses.githubToken)}  (${parts.github})`),
    ...row('webhook', addresses.webhook),
    ...row('database', parts.database),
    ...row('queue', parts.queue),
    ...parts.backends.flatMap((backend) => row('backend', backend)),
    ...row('data', parts.data),
    '',
    '',
  ].join('\n')
}

/** With the demo the terminal tells a story, so lines for machines go to a file; a service writes them to its standard output. */
function logger({ github, dataDirectory }: Settings) {
  const options = logOptions(process.env.LOG_LEVEL ?? 'info')
  if (github.kind === 'app') return pino(options)
  mkdirSync(dataDirectory, { recursive: true, mode: 0o711 })
  return pino(options, openLogFile(join(dataDirectory, 'osmo-runner.log')))
}

/**
 * SIGINT ends everything that was started, and what is being started; SIGTERM and SIGHUP leave attempts and children for the next start. A
 * second signal does not wait.
 */
function listenForTheEnd(log: Pick<Logger, 'error'>) {
  const ending = new AbortController()
  let how: How | undefined
  let installation: Installation | undefined
  process.on('SIGINT', () => end('interrupt'))
  process.on('SIGTERM', () => end('leave'))
  process.on('SIGHUP', () => end('leave'))
  // All truth is in PostgreSQL and every step may be repeated, so one that broke must not end the others.
  process.on('uncaughtException', (error) => log.error({ err: error }, 'Something broke that nobody had expected'))
  return {
    signal: ending.signal,
    get how() {
      return how
    },
    ends,
  }

  function ends(started: Installation): void {
    installation = started
    if (how !== undefined) stop(started, how)
  }

  function end(wanted: How): void {
    if (how !== undefined) process.exit(1)
    how = wanted
    ending.abort()
    if (wanted === 'interrupt') process.stdout.write('\nStopping …\n')
    // While it starts, whoever starts it sees this and stops what is there.
    if (installation) stop(installation, wanted)
  }

  function stop(started: Installation, wanted: How): void {
    void started.stop(wanted).finally(() => process.exit(0))
  }
}

main().catch((error: unknown) => {
  if (error instanceof Ended) process.exit(0)
  const known = error instanceof WrongSettings || error instanceof DirectoryInUse || error instanceof AnotherWorker
  process.stderr.write(`${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
  // The log may not be open yet, and leaving at once would then fail; nothing that is left may keep us for longer.
  setTimeout(() => process.exit(1), 2000).unref()
})
