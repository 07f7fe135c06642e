import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { engineVariables } from './engine/container-engine.ts'

/** Every setting, read once. Each store is chosen on its own; what is absent means the embedded part (extensions.md §9). */
export type Settings = {
  readonly role: 'all' | 'web' | 'worker'
  readonly dataDirectory: string
  /** Only with the stand-in for GitHub; `--empty` starts it without repositories. */
  readonly demo: 'run' | 'none'
  readonly database: { readonly kind: 'embedded' } | { readonly kind: 'server'; readonly url: string }
  readonly queue: { readonly kind: 'postgres' } | { readonly kind: 'redis'; readonly url: string }
  readonly github: { readonly kind: 'twin' } | GithubApp
  readonly platformFile: string | undefined
  readonly host: string
  /** 0: chosen at the first start, then kept. */
  readonly port: number
  readonly publicUrl: string | undefined
  /** How pods of a cluster reach the service. Tasks of a `local` backend use a socket of their machine and need none. */
  readonly taskUrl: string | undefined
  /** `PATH`, where git is found; it goes to no task. */
  readonly searchPath: string
  /** Of a container engine's command, where a backend uses one; it goes to no task. */
  readonly engineEnvironment: Readonly<Record<string, string>>
  /** Signs task tokens, encrypts credentials; undefined: made and kept in the data directory. */
  readonly serverKey: string | undefined
}

export type GithubApp = {
  readonly kind: 'app'
  readonly appId: number
  readonly privateKey: string
  readonly webhookSecrets: readonly string[]
  readonly apiUrl: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Everything that is wrong or missing, in one error, so that nobody mends settings one start at a time. */
export class WrongSettings extends Error {
  override readonly name = 'WrongSettings'
  constructor(problems: readonly string[]) {
    super(`Wrong settings:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
  }
}

/** Reads the environment and the command line. Throws {@link WrongSettings}. */
export function readSettings(
  environment: Environment,
  parameters: readonly string[],
  user: { readonly isRoot: 'root' | 'user' },
): Settings {
  const problems: string[] = []
  const { role, data, demo } = readParameters(parameters, problems)
  const database = environment.DATABASE_URL
  const github = readGithub(environment, problems)
  const settings: Settings = {
    role,
    demo,
    dataDirectory: resolve(data ?? environment.OSMO_DATA ?? defaultDataDirectory(environment, user)),
    database:
      database === undefined
        ? { kind: 'embedded' }
        : { kind: 'server', url: urlOf('DATABASE_URL', database, ['postgres:', 'postgresql:'], problems) },
    queue:
      environment.REDIS_URL === undefined
        ? { kind: 'postgres' }
        : { kind: 'redis', url: urlOf('REDIS_URL', environment.REDIS_URL, ['redis:', 'rediss:', 'unix:'], problems) },
    github,
    platformFile: environment.OSMO_CONFIG,
    host: environment.HOST ?? '127.0.0.1',
    port: portOf(environment.PORT, problems),
    publicUrl: baseUrlOf('PUBLIC_URL', environment, problems),
    taskUrl: baseUrlOf('TASK_URL', environment, problems),
    searchPath: environment.PATH ?? '/usr/bin:/bin',
    engineEnvironment: engineEnvironmentOf(environment),
    serverKey: serverKeyOf(environment, database, problems),
  }
  if (environment.OSMO_CONFIG !== undefined && !existsSync(environment.OSMO_CONFIG))
    problems.push(`OSMO_CONFIG: expected a file, and there is none at ${environment.OSMO_CONFIG}`)
  if (role !== 'all' && database === undefined)
    problems.push(`DATABASE_URL: expected for the role ${role}; only one process can use the embedded database`)
  if (problems.length > 0) throw new WrongSettings(problems)
  return settings
}

export const usage = `Usage: npm start -- [web | worker] [--data DIRECTORY] [--empty]

Without settings it runs everything on this machine: PostgreSQL, the queue, a local backend and a stand-in for GitHub, with a demo
(none with --empty).

  GITHUB_APP_ID, GITHUB_PRIVATE_KEY (text or file), GITHUB_WEBHOOK_SECRET   a real GitHub App; all three together
  GITHUB_WEBHOOK_SECRET_PREVIOUS   also accepted, during a rotation
  GITHUB_API_URL                   of a GitHub Enterprise Server, such as https://ghes.example/api/v3
  DATABASE_URL                     a PostgreSQL server; default: embedded
  REDIS_URL                        a Redis or Valkey server; default: the queue lives in PostgreSQL
  OSMO_CONFIG                      the administrator's file: backends, pools, platforms, repositories
  OSMO_DATA, --data                where data lives
  HOST, PORT, PUBLIC_URL           where the webhook listens, and how people reach it
  TASK_URL                         how pods of a cluster reach the service; a local backend needs none
  SERVER_KEY                       signs task tokens; required with DATABASE_URL
`

function readParameters(
  parameters: readonly string[],
  problems: string[],
): Pick<Settings, 'role' | 'demo'> & { readonly data: string | undefined } {
  let role: Settings['role'] = 'all'
  let demo: Settings['demo'] = 'run'
  let data: string | undefined
  for (let index = 0; index < parameters.length; index++) {
    const parameter = parameters[index]!
    if (parameter === 'web' || parameter === 'worker') role = parameter
    else if (parameter === '--empty') demo = 'none'
    else if (parameter === '--data' && parameters[index + 1] !== undefined) data = parameters[++index]
    else if (parameter.startsWith('--data=')) data = parameter.slice('--data='.length)
    else problems.push(`${parameter}: expected web, worker, --empty or --data DIRECTORY`)
  }
  return { role, demo, data }
}

/** `/var/lib` for root, as for any service; else the user's state directory (XDG Base Directory Specification). */
function defaultDataDirectory(environment: Environment, { isRoot }: { readonly isRoot: 'root' | 'user' }): string {
  if (isRoot === 'root') return '/var/lib/osmo-runner'
  return join(environment.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'osmo-runner')
}

function engineEnvironmentOf(environment: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(
    engineVariables.flatMap((name) => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
}

const appVariables = ['GITHUB_APP_ID', 'GITHUB_PRIVATE_KEY', 'GITHUB_WEBHOOK_SECRET'] as const

function readGithub(environment: Environment, problems: string[]): Settings['github'] {
  const given = appVariables.filter((name) => environment[name] !== undefined && environment[name] !== '')
  if (given.length === 0) return { kind: 'twin' }
  for (const name of appVariables)
    if (!given.includes(name)) problems.push(`${name}: required, since ${given.join(' and ')} ${given.length === 1 ? 'is' : 'are'} set`)
  const secret = environment.GITHUB_WEBHOOK_SECRET ?? ''
  if (given.includes('GITHUB_WEBHOOK_SECRET') && secret.length < 16)
    problems.push(`GITHUB_WEBHOOK_SECRET: expected at least 16 characters, got ${secret.length}`)
  const previous = environment.GITHUB_WEBHOOK_SECRET_PREVIOUS
  return {
    kind: 'app',
    appId: appIdOf(environment.GITHUB_APP_ID, problems),
    privateKey: privateKeyOf(environment.GITHUB_PRIVATE_KEY, problems),
    webhookSecrets: previous ? [secret, previous] : [secret],
    apiUrl: urlOf('GITHUB_API_URL', environment.GITHUB_API_URL ?? 'https://api.github.com', ['https:', 'http:'], problems).replace(
      /\/$/,
      '',
    ),
  }
}

function appIdOf(text: string | undefined, problems: string[]): number {
  if (text !== undefined && !/^[1-9]\d{0,14}$/.test(text))
    problems.push(`GITHUB_APP_ID: expected a whole number, got ${JSON.stringify(text)}`)
  return Number(text ?? 0)
}

/** The text of the key, or the path of a file with it. */
function privateKeyOf(text: string | undefined, problems: string[]): string {
  if (text === undefined || text.includes('-----BEGIN')) return text?.replaceAll('\\n', '\n') ?? ''
  if (existsSync(text)) return readFileSync(text, 'utf8')
  problems.push('GITHUB_PRIVATE_KEY: expected a PEM text or the path of a file with one; it is neither')
  return ''
}

function serverKeyOf(environment: Environment, database: string | undefined, problems: string[]): string | undefined {
  const key = environment.SERVER_KEY
  if (key === undefined && database !== undefined)
    problems.push(
      'SERVER_KEY: required with DATABASE_URL, since every process must sign alike; for example the output of `openssl rand -base64 32`',
    )
  if (key !== undefined && key.length < 32) problems.push(`SERVER_KEY: expected at least 32 characters, got ${key.length}`)
  return key
}

function portOf(text: string | undefined, problems: string[]): number {
  const port = Number(text ?? 0)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    problems.push(`PORT: expected a number from 1 to 65535, got ${JSON.stringify(text)}`)
  return port
}

/** Without a slash at its end; undefined when it is not set. */
function baseUrlOf(name: string, environment: Environment, problems: string[]): string | undefined {
  const text = environment[name]
  return text === undefined ? undefined : urlOf(name, text, ['http:', 'https:'], problems).replace(/\/$/, '')
}

function urlOf(name: string, text: string, protocols: readonly string[], problems: string[]): string {
  if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol))
    problems.push(`${name}: expected an address that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`)
  return text
}
