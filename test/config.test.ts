import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readSettings, WrongSettings } from '../src/config.ts'

const app = { GITHUB_APP_ID: '7', GITHUB_PRIVATE_KEY: '-----BEGIN KEY-----\\nx', GITHUB_WEBHOOK_SECRET: 'a-secret-of-some-length' }
const read = (environment: Record<string, string>, parameters: readonly string[] = []) =>
  readSettings(environment, parameters, { isRoot: 'user' })

it('without settings everything is embedded', () => {
  const settings = read({ XDG_STATE_HOME: '/state' })
  assert.deepEqual(
    [settings.github.kind, settings.database.kind, settings.queue.kind, settings.role, settings.demo],
    ['twin', 'embedded', 'postgres', 'all', 'run'],
  )
  assert.equal(settings.dataDirectory, '/state/osmo-runner')
})

it('root keeps its data where services do', () => {
  assert.equal(readSettings({}, [], { isRoot: 'root' }).dataDirectory, '/var/lib/osmo-runner')
})

it('each store is chosen on its own', () => {
  const settings = read({ REDIS_URL: 'redis://localhost:6379' })
  assert.deepEqual([settings.queue.kind, settings.database.kind], ['redis', 'embedded'])
})

it('a private key given as one line gets its lines back', () => {
  const { github } = read(app)
  assert.equal(github.kind === 'app' && github.privateKey, '-----BEGIN KEY-----\nx')
})

it('addresses of people and of pods lose the slash at their end', () => {
  const { publicUrl, taskUrl } = read({ PUBLIC_URL: 'https://osmo.example.com/', TASK_URL: 'http://osmo.internal:8080/' })
  assert.deepEqual([publicUrl, taskUrl], ['https://osmo.example.com', 'http://osmo.internal:8080'])
})

it('during a rotation both webhook secrets are accepted', () => {
  const { github } = read({ ...app, GITHUB_WEBHOOK_SECRET_PREVIOUS: 'the-secret-before' })
  assert.deepEqual(github.kind === 'app' && github.webhookSecrets, ['a-secret-of-some-length', 'the-secret-before'])
})

const wrong = [
  [{ GITHUB_APP_ID: '7' }, [], ['GITHUB_PRIVATE_KEY: required', 'GITHUB_WEBHOOK_SECRET: required']],
  [{ ...app, GITHUB_WEBHOOK_SECRET: 'short' }, [], ['GITHUB_WEBHOOK_SECRET: expected at least 16 characters, got 5']],
  [{ ...app, GITHUB_APP_ID: 'seven' }, [], ['GITHUB_APP_ID: expected a whole number']],
  [{ ...app, GITHUB_PRIVATE_KEY: '/nowhere/key.pem' }, [], ['GITHUB_PRIVATE_KEY: expected a PEM text']],
  [{ ...app, GITHUB_API_URL: 'ftp://x' }, [], ['GITHUB_API_URL: expected an address']],
  [
    { DATABASE_URL: 'mysql://x/y' },
    [],
    ['DATABASE_URL: expected an address that begins with postgres://', 'SERVER_KEY: required with DATABASE_URL'],
  ],
  [{ SERVER_KEY: 'short' }, [], ['SERVER_KEY: expected at least 32 characters, got 5']],
  [{ PORT: '70000' }, [], ['PORT: expected a number from 1 to 65535']],
  [{ OSMO_CONFIG: '/nowhere/config.yaml' }, [], ['OSMO_CONFIG: expected a file']],
  [{}, ['worker'], ['DATABASE_URL: expected for the role worker']],
  [{}, ['serve'], ['serve: expected web, worker, --empty or --data DIRECTORY']],
  [{ PORT: 'x', REDIS_URL: 'nonsense' }, ['--data'], ['PORT:', 'REDIS_URL:', '--data:']],
] as const

for (const [environment, parameters, problems] of wrong) {
  it(`${JSON.stringify(environment)} ${parameters.join(' ')} is refused, all at once`, () => {
    assert.throws(
      () => read(environment, parameters),
      (error: unknown) => error instanceof WrongSettings && problems.every((problem) => error.message.includes(problem)),
    )
  })
}
