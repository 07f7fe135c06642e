import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { renderSpec } from '../../src/spec/parse-spec.ts'
import { toPlainJson } from '../../src/spec/yaml/plain-data.ts'
import { oneTask, osmo } from './command.ts'

const root = join(import.meta.dirname, '..', '..')

async function validator(kind: string) {
  const { out, code } = await osmo('/', 'schema', kind)
  assert.equal(code, 0)
  return new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true, validateFormats: false }).compile(
    JSON.parse(out),
  )
}

/** A spec as an editor that knows templates would see it: our sections as they are, the workflow rendered. */
function editorDocument(text: string): unknown {
  const rendered = renderSpec(text, { file: 'x', values: { storage_url: 's3://b' } })
  assert.equal(rendered.kind, 'rendered')
  const workflow = rendered.kind === 'rendered' ? (toPlainJson(rendered.document) as object) : {}
  const ours = text.replace(/^(?:workflow|default-values|version):[\s\S]*?(?=^[a-z-]+:|(?![\s\S]))/gm, '')
  return { ...parse(ours), ...workflow }
}

describe('the schema of specs', () => {
  const cookbook = join(root, '..', 'shared', 'reference', 'osmo-specs')
  const files = [...globSync(join(root, 'templates/**/.osmo/*.yaml')), ...(existsSync(cookbook) ? globSync(join(cookbook, '*.yaml')) : [])]
  for (const file of files) {
    it(`takes ${file.slice(root.length + 1)}`, async () => {
      const validate = await validator('spec')
      validate(editorDocument(readFileSync(file, 'utf8')))
      assert.deepEqual(validate.errors ?? [], [])
    })
  }

  const wrong: readonly (readonly [string, string])[] = [
    ['an unknown section', 'onn: push\n'],
    ['an unknown key', oneTask('imagee: a')],
    ['a string for a list', oneTask('args: x')],
    ['a boolean among arguments', oneTask('args: [true]')],
    ['an unknown event', `on: [pushh]\n${oneTask()}`],
    ['a name that is none', oneTask().replace('name: nav', 'name: -nav')],
    ['an unknown key of a metric', `benchmarks: [{task: eval, path: a, metrics: {m: {gates: true}}}]\n${oneTask()}`],
  ]
  const furtherWrong: readonly (readonly [string, string])[] = [
    ['no command', oneTask().replace('[b]', '[]')],
    ['a file without contents', oneTask('files: [{path: /a}]')],
    ['a file of two sources', oneTask('files: [{path: /a, contents: a, localpath: b}]')],
    ['an input of nothing', oneTask('inputs: [{regex: a}]')],
    ['an input of two sources', oneTask('inputs: [{task: a, url: s3://b}]')],
    ['an output to nowhere', oneTask('outputs: [{regex: a}]')],
    ['text without a template for a flag', oneTask('lead: maybe')],
  ]
  const ofWorkflow = (line: string) => oneTask().replace('  tasks:', `  ${line}\n  tasks:`)
  const right: readonly (readonly [string, string])[] = [
    ['a template for a count', ofWorkflow('resources: {default: {cpu: "{{ x }}", memory: "{{ x }}Gi"}}')],
    ['a template for a duration', ofWorkflow('timeout: {exec_timeout: "{{ x }}"}')],
    ['a template for how often', oneTask('checkpoint: [{path: /a, url: s3://a, frequency: "{{ x }}"}]')],
    ['a template in a name', oneTask().replace('name: nav', 'name: "nav-{{ x }}"')],
    ['a statement for a flag', oneTask('lead: "{% if x %}true{% endif %}"')],
    ['an event with nothing behind it', `on: {push: , pull_request: , merge_group: , workflow_dispatch: }\n${oneTask()}`],
    ['a metric with nothing behind it', `benchmarks: [{task: eval, path: a, metrics: {m: }}]\n${oneTask()}`],
  ]
  for (const [title, text] of right) {
    it(`takes ${title}`, async () => {
      const validate = await validator('spec')
      validate(parse(text))
      assert.deepEqual(validate.errors ?? [], [])
    })
  }
  for (const [title, text] of [...wrong, ...furtherWrong]) {
    it(`refuses ${title}`, async () => assert.equal((await validator('spec'))(parse(text)), false))
  }

  it('says what keys mean', async () => {
    const { out } = await osmo('/', 'schema')
    assert.match(JSON.parse(out).properties.workflow.properties.tasks.items.properties.exitActions.description, /RESCHEDULE/)
  })
})

describe('the schemas of settings', () => {
  it("takes the example of the administrator's file", async () => {
    const validate = await validator('platform')
    validate(parse(readFileSync(join(root, 'deploy/config.example.yaml'), 'utf8')))
    assert.deepEqual(validate.errors ?? [], [])
  })

  it('takes settings of a repository, and refuses unknown ones', async () => {
    const validate = await validator('config')
    assert.equal(validate({ values: { a: 1 }, pool: ['lab'], required: 'nav', notify: { 'failure-on-default-branch': 'issue' } }), true)
    assert.equal(validate({ poool: 'lab' }), false)
  })
})

it('an unknown kind is a usage error', async () => assert.equal((await osmo('/', 'schema', 'specs')).code, 2))
