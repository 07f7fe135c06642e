import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { directoryWith, oneTask } from './command.ts'

const binary = join(import.meta.dirname, '..', '..', 'bin', 'osmo.mjs')

/** The installed command in a process of its own, with everything that it may write in a directory of the test's. */
function osmo(test: TestContext, parameters: readonly string[], input = '') {
  const directory = directoryWith(test, { 'good.yaml': oneTask(), 'bad.yaml': oneTask('imagee: x') })
  const environment = { PATH: process.env.PATH ?? '', HOME: directory, XDG_CACHE_HOME: join(directory, 'cache') }
  const ran = spawnSync(process.execPath, [binary, ...parameters], {
    cwd: directory,
    env: environment,
    input,
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { code: ran.status, out: ran.stdout, error: ran.stderr }
}

const table: readonly (readonly [parameters: string, input: string, code: number, out: RegExp, error: RegExp])[] = [
  ['', '', 0, /^Usage: osmo COMMAND/, /^$/],
  ['help validate', '', 0, /^Usage: osmo validate/, /^$/],
  ['plan --help', '', 0, /^Usage: osmo plan/, /^$/],
  ['valdate', '', 2, /^$/, /Did you mean "validate"\?/],
  ['validate --fromat json', '', 2, /^$/, /Did you mean "--format"\?/],
  ['validate --format xml good.yaml', '', 2, /^$/, /Expected text or json for --format/],
  ['validate', '', 2, /^$/, /there is no \.osmo here/],
  ['validate good.yaml', '', 0, /^$/, /^1 file: no errors\n$/],
  ['validate good.yaml bad.yaml', '', 1, /^bad\.yaml:4:42: error: .*\[schema\/unknown-key\]\n/, /^2 files: 1 error\n$/],
  ['validate -', oneTask('x: 1'), 1, /^<stdin>:4:42: error/, /1 error/],
  ['render - --format json', oneTask(), 0, /"name": "nav"/, /^$/],
  ['render -', `workflow:\n  name: ${'['.repeat(100_000)}\n`, 1, /^$/, /\[limit\/depth\]/],
  ['render -', 'workflow:\n  name: {% for a in range(10**16) %}x{% endfor %}\n', 1, /^$/, /\[template\/value\]/],
  ['render -', 'x'.repeat(3 << 20), 1, /^$/, /\[limit\/file-size\]/],
  ['export good.yaml', '', 0, /^workflow:/, /^$/],
  ['schema', '', 0, /"\$schema"/, /^$/],
  ['config check good.yaml', '', 1, /unknown-key/, /the administrator's file: 4 errors/],
]

for (const [parameters, input, code, out, error] of table) {
  it(`osmo ${parameters} gives ${code}${input === '' ? '' : ` for ${JSON.stringify(input.slice(0, 60))}`}`, (test) => {
    const ran = osmo(
      test,
      parameters.split(' ').filter((word) => word !== ''),
      input,
    )
    assert.match(ran.out, out)
    assert.match(ran.error, error)
    assert.equal(ran.code, code)
  })
}

it('a reader that has seen enough is no fault', (test) => {
  const directory = directoryWith(test, {})
  const words = `"${process.execPath}" "${binary}" schema | head -c 10 >/dev/null; echo "\${PIPESTATUS[0]}"`
  const ran = spawnSync('bash', ['-c', words], { env: { PATH: process.env.PATH ?? '', HOME: directory }, encoding: 'utf8' })
  assert.deepEqual([ran.stdout.trim(), ran.stderr], ['0', ''])
})
