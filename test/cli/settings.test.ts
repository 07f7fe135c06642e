import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Diagnostic } from '../../src/spec/types.ts'
import { directoryWith, type Files, oneTask, osmo } from './command.ts'

const config = `backends: {local: {kind: local}}
pools:
  lab: {backend: local, default_platform: bench, platforms: {bench: {}}}
repositories: [{match: ['*/*'], pools: {lab: [trusted]}}]
`
const specs: Files = { '.osmo/nav-eval.yaml': oneTask(), '.osmo/bench/orin.yaml': oneTask(), config }

/** Settings, parameters, and the warnings at their places. */
const table: readonly (readonly [settings: string, parameters: string, warnings: readonly RegExp[]])[] = [
  ['required: [nav-eval, bench/orin]', '', []],
  ['required: [nav-evla]', '', [/^1:12 .*no \.osmo\/nav-evla\.yaml here\. Did you mean "nav-eval"/]],
  ['required: nav-evla', '', [/^1:11 .*Did you mean "nav-eval"/]],
  ['pool: [labb]', '', []],
  ['pool: [labb]', '--config config', [/^1:8 .*has no pool "labb"\. Did you mean "lab"/]],
  ['pool: lab', '--config config', []],
]

describe('Names in .osmo/config.yaml that do not exist are warned of', () => {
  for (const [settings, parameters, warnings] of table)
    for (const command of ['validate .osmo', 'plan', 'config check .osmo/config.yaml'])
      it(`osmo ${command} ${parameters}: ${settings}`, async (test) => {
        const directory = directoryWith(test, { ...specs, '.osmo/config.yaml': `${settings}\n` })
        const { out, error, code } = await osmo(directory, ...`${command} --format=json ${parameters}`.trim().split(' '))
        const found: readonly Diagnostic[] = JSON.parse((command === 'plan' ? error : out) || '[]')
        const ofSettings = found.filter(({ file }) => file === '.osmo/config.yaml')
        assert.equal(ofSettings.length, warnings.length, JSON.stringify(found))
        for (const [index, words] of warnings.entries()) {
          const { line, column, severity, message } = ofSettings[index] ?? assert.fail()
          assert.match(`${line}:${column} ${message}`, words)
          assert.equal(severity, 'warning')
        }
        assert.equal(code, 0)
      })
})

it('errors of settings that nobody named are told with a spec that they are for', async (test) => {
  const directory = directoryWith(test, { '.osmo/config.yaml': 'valuess: {x: 1}\n', '.osmo/a.yaml': oneTask() })
  const { out, code } = await osmo(directory, 'validate', '.osmo/a.yaml')
  assert.match(out, /^\.osmo\/config\.yaml:1:1: error: .*"values"/)
  assert.match(out, /1 \| valuess/)
  assert.equal(code, 1)
})
