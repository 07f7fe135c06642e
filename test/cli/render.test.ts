import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { directoryWith, oneTask, osmo, osmoWith, repositoryWith } from './command.ts'

const document = (args: string) => oneTask(`args: [${args}]`)
const argsOf = (out: string) => JSON.parse(out).workflow.tasks[0].args

/** `args` of one task, parameters, and what comes out. */
const examples: readonly (readonly [args: string, parameters: string, expected: readonly unknown[]])[] = [
  ['{{ x }}', '--set x=007', [7]],
  ['{{ x }}', '--set x=1_000', [1000]],
  ['{{ x }}', '--set x=1e3', [1000]],
  ['"{{ x }}"', '--set x=1e3', ['1000.0']],
  ['"{{ x }}"', '--set x=inf', ['inf']],
  ['"{{ x }}"', '--set x=a=b', ['a=b']],
  ['"{{ x }}"', '--set-string x=007', ['007']],
  ['"{{ x }}"', '--set-string x=1 --set x=2', ['1']],
  ['"{{ github.sha }}"', '', ['0'.repeat(40)]],
  ['"{{ github.sha }}"', '--github sha=abc', ['abc']],
  ['"{{ github.repository }}"', '', ['owner/repository']],
  ['"{{ latest[\'train\'] }}"', '', ['train-0']],
  ['"{{output}}/{{input:0}}"', '', ['{{output}}/{{input:0}}']],
  ['.nan, -.inf, 2025-01-01, 12345678901234567890, Y', '', ['.nan', '-.inf', '2025-01-01', 12345678901234567000, 'Y']],
]

describe('osmo render', () => {
  for (const [args, parameters, expected] of examples) {
    it(`[${args}] ${parameters}`, async () => {
      const { out, code } = await osmoWith(
        document(args),
        '/',
        'render',
        '-',
        '--format',
        'json',
        ...parameters.split(' ').filter((word) => word !== ''),
      )
      assert.deepEqual(argsOf(out), expected)
      assert.equal(code, 0)
    })
  }

  it('keeps all digits of a large integer', async () => {
    const { out } = await osmoWith(document('12345678901234567890'), '/', 'render', '-', '--format=json')
    assert.match(out, /12345678901234567890/)
  })

  it('takes what git says of the repository', async (test) => {
    const directory = repositoryWith(test, { '.osmo/a.yaml': document('"{{ github.sha }} {{ github.spec }}"') })
    const { out } = await osmo(directory, 'render', '.osmo/a.yaml', '--format=json')
    assert.match(argsOf(out)[0], /^[0-9a-f]{40} a$/)
    assert.doesNotMatch(argsOf(out)[0], /^0{40}/)
  })

  it('does not ask the rules of the schema', async () => {
    const { out, code } = await osmoWith('workflow:\n  anything: [1]\n', '/', 'render', '-', '--format=json')
    assert.deepEqual([JSON.parse(out), code], [{ workflow: { anything: [1] } }, 0])
  })

  it('prints only diagnostics, on standard error, when it cannot', async () => {
    const ran = await osmoWith(document('"{{ missing }}"'), '/', 'render', '-', '--format=json')
    assert.deepEqual([ran.out, ran.code, JSON.parse(ran.error)[0].code], ['', 1, 'template/undefined'])
  })
})

const root = join(import.meta.dirname, '..', '..')
const cookbook = join(root, '..', 'shared', 'reference', 'osmo-specs')
const names = existsSync(cookbook) ? readdirSync(cookbook).flatMap((file) => (file.endsWith('.yaml') ? [file.slice(0, -5)] : [])) : []

describe('specs of the cookbook', { skip: names.length === 0 ? `the cookbook's specs are not at ${cookbook}` : false }, () => {
  for (const name of names) {
    it(`${name} renders to its document, as JSON and as YAML`, async () => {
      const golden = JSON.parse(readFileSync(join(cookbook, `${name}.json`), 'utf8'))
      const parameters = ['render', join(cookbook, `${name}.yaml`), '--set', 'storage_url=s3://bucket/prefix'] as const
      const json = await osmo('/', ...parameters, '--format', 'json')
      assert.deepEqual(JSON.parse(json.out), golden)
      const yaml = await osmo('/', ...parameters)
      const again = await osmoWith(`${yaml.out.replaceAll(/\{[{%#]/g, "{{ '$&' }}")}# end\n`, '/', 'render', '-', '--format=json')
      assert.deepEqual(JSON.parse(again.out), golden)
    })
  }
})

it('a directory is no file to render', async (test) => {
  const directory = directoryWith(test, { '.osmo/a.yaml': oneTask(), '.osmo/b.yaml': oneTask() })
  const { code, error } = await osmo(directory, 'render', '.osmo')
  assert.equal(code, 2)
  assert.match(error, /several specs/)
})
