import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { diagnose, oneTask } from './marked.ts'

const letters = (count: number) => 'a'.repeat(count)
const labels = (text: string) => oneTask('', `labels: {${text}}`)
const output = (url: string) => oneTask(`outputs: [{url: "${url}"}]`)
const file = (path: string) => oneTask(`files: [{path: ${path}, contents: x}]`)
const domain = (length: number) => `${letters(63)}.${letters(63)}.${letters(63)}.`.padEnd(length, 'b')

/** What is just allowed, and what no longer is. */
const bounds: readonly (readonly [rule: string, allowed: string, refused: string, code: string])[] = [
  ['a label value of 63', labels(`a: ${letters(63)}`), labels(`a: ${letters(64)}`), 'schema/label'],
  ['a label key of 63', labels(`${letters(63)}: x`), labels(`${letters(64)}: x`), 'schema/label'],
  ['a domain of a label key of 253', labels(`${domain(253)}/a: x`), labels(`${domain(254)}/a: x`), 'schema/label'],
  ['one part for s3', output('s3://bucket'), output('s3://'), 'schema/url'],
  ['one part for gs', output('gs://bucket'), output('gs://'), 'schema/url'],
  ['two parts for azure', output('azure://account/container'), output('azure://account'), 'schema/url'],
  ['three parts for swift', output('swift://host/account/container'), output('swift://host/account'), 'schema/url'],
  ['two parts for tos', output('tos://host/bucket'), output('tos://host'), 'schema/url'],
  ['no star in an address', output('s3://bucket/a'), output('s3://bucket/*'), 'schema/url'],
  ['no comma in an address', output('s3://bucket/a'), output('s3://bucket/a,b'), 'schema/url'],
  ['no semicolon in an address', output('s3://bucket/a'), output('s3://bucket/a;b'), 'schema/url'],
  ['files below the output', file('/osmo/data/output/a'), file('/osmo/data/input/0/a'), 'semantic/file-path'],
  ['files beside the output', file('/osmo/data/output/a'), file('/osmo/data/outputs/a'), 'semantic/file-path'],
]

const errorsOf = (text: string) =>
  diagnose(text)
    .filter(({ severity }) => severity === 'error')
    .map(({ code }) => code)

describe('a bound holds on both sides', () => {
  for (const [rule, allowed, refused, code] of bounds)
    it(rule, () => {
      assert.deepEqual(errorsOf(allowed), [])
      assert.deepEqual(errorsOf(refused), [code])
    })
})

describe('{{host:…}} of the task itself', () => {
  const host = (tasks: string) => `workflow:\n  name: nav\n  groups:\n  - {name: g, tasks: [${tasks}]}\n`
  const asking = '{name: a, lead: true, image: i, command: ["{{host:a}}"]}'
  const table: readonly (readonly [string, string, readonly string[]])[] = [
    ['is filled in a group of two', host(`${asking}, {name: b, image: i, command: [c]}`), []],
    ['stays in a group of one, which has no network of its own', host(asking), ['semantic/unresolved-token']],
  ]
  for (const [title, text, warnings] of table)
    it(title, () => {
      assert.deepEqual(
        diagnose(text).map(({ code }) => code),
        warnings,
      )
    })
})
