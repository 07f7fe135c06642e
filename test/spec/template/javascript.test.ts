import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderTemplate } from '../../../src/spec/template/render.ts'
import { rendered } from './render-table.ts'

/** Names that lead out of an object in JavaScript or Python. */
const names = [
  'constructor',
  '__proto__',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  '__class__',
  '__init__',
  'then',
  'length',
  'call',
  'apply',
  'kind',
  'entries',
  'iterator',
]
const targets = [
  '""',
  '1',
  '1.5',
  'true',
  'none',
  '[]',
  '()',
  '{}',
  'range(3)',
  'namespace()',
  'cycler(1)',
  'joiner()',
  'range',
  'd',
  '"".upper',
  '[1]|map("string")',
  '{}.items()',
  '("<"|e)',
]

describe('no name leads to JavaScript', () => {
  for (const name of names) {
    it(`${name} as a variable`, () => assert.equal(rendered(`{{ ${name} is defined }}`), 'False'))
    it(`${name} as an attribute, item and method`, () => {
      for (const target of targets) {
        for (const template of [
          `{{ (${target}).${name} }}`,
          `{{ (${target})['${name}'] }}`,
          `{{ (${target}).${name}() }}`,
          `{% for k in (${target}).${name} %}{% endfor %}`,
        ]) {
          const result = renderTemplate(template, { d: { a: 1 } })
          assert.equal(result.kind, 'failed', template)
        }
      }
    })
    it(`${name} as a filter and a test`, () => {
      assert.equal(renderTemplate(`{{ 1|${name} }}`, {}).kind, 'failed')
      assert.equal(renderTemplate(`{{ 1 is ${name} }}`, {}).kind, 'failed')
      assert.equal(renderTemplate(`{{ [1]|map('${name}')|list }}`, {}).kind, 'failed')
    })
    it(`${name} as a key and a name of one's own`, () => {
      assert.equal(rendered(`{% set d = {'${name}': 1} %}{{ d['${name}'] }}{{ d.get('${name}') }}{{ '${name}' in d }}`), '11True')
      assert.equal(rendered(`{% set ${name} = 5 %}{{ ${name} }}`), '5')
      assert.equal(rendered(`{% macro m(${name}) %}{{ ${name} }}{% endmacro %}{{ m(${name}=7) }}`), '7')
      assert.equal(rendered(`{{ d['${name}'] }}`, { d: new Map([[name, 'v']]) }), 'v')
    })
  }
  it('takes an own property called __proto__ of the values as a value', () => {
    assert.equal(rendered('{{ __proto__ }}', JSON.parse('{"__proto__": "x"}')), 'x')
  })
})
