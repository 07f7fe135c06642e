import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseSpec, renderSpec } from '../../src/spec/parse-spec.ts'
import { toPlainJson } from '../../src/spec/yaml/plain-data.ts'

// Specs of NVIDIA's cookbook with the documents that Jinja2 and PyYAML make of them. They are not part of this repository.
const folder = fileURLToPath(new URL('../../../shared/reference/osmo-specs/', import.meta.url))
const names = existsSync(folder) ? readdirSync(folder).flatMap((file) => (file.endsWith('.yaml') ? [file.slice(0, -5)] : [])) : []
const skip = names.length === 0 ? `the cookbook's specs are not at ${folder}` : false

describe('specs of the cookbook', { skip }, () => {
  for (const name of names) {
    const text = readFileSync(`${folder}${name}.yaml`, 'utf8')
    const options = { file: `.osmo/${name}.yaml`, values: { storage_url: 's3://bucket/prefix' } }

    it(`${name} renders to its document`, () => {
      const result = renderSpec(text, options)
      assert.equal(result.kind, 'rendered', JSON.stringify(result))
      const document = result.kind === 'rendered' ? toPlainJson(result.document) : undefined
      assert.deepEqual(document, JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8')))
    })

    it(`${name} is a valid spec`, () => {
      const result = parseSpec(text, options)
      assert.deepEqual(result.kind === 'invalid' ? result.diagnostics : [], [])
    })
  }

  it('has all 25', () => assert.equal(names.length, 25))
})
