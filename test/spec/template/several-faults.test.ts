import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderTemplate } from '../../../src/spec/template/render.ts'

/** Each fault by the piece of the source that it points at, and a part of what it says. */
const examples: readonly (readonly [template: string, faults: readonly (readonly [at: string, message: string])[]])[] = [
  [
    '{{ a }} {{ bb }} {{ n }}',
    [
      ['a', '"a" is undefined'],
      ['bb', '"bb" is undefined'],
    ],
  ],
  ['{{ nmae }}', [['nmae', 'Did you mean "name"?']]],
  ['{{ config.gpus }}', [['config.gpus', 'Did you mean "gpu"?']]],
  [
    '{{ n|uper }}{{ n is dfined }}',
    [
      ['uper', 'Did you mean "upper"?'],
      ['dfined', 'Did you mean "defined"?'],
    ],
  ],
  ['{% set y = a %}{{ y }}{{ y }}', [['a', '"a" is undefined']]],
  ['{% if a %}{% set y = 1 %}{% endif %}{{ y }}', [['a', '"a" is undefined']]],
  [
    '{% for i in aa %}{{ bb }}{% endfor %}{{ cc }}',
    [
      ['aa', '"aa" is undefined'],
      ['bb', '"bb" is undefined'],
      ['cc', '"cc" is undefined'],
    ],
  ],
  ['{% for i in range(9) %}{{ aa }}{% endfor %}', [['aa', '"aa" is undefined']]],
  [
    '{{ n + "x" }}{{ 1 // 0 }}',
    [
      ['n + "x"', 'cannot combine int and str'],
      ['1 // 0', 'divisor that is not zero'],
    ],
  ],
  [
    '{{ 1 + }} {% if %}x{% endif %} {{ (2 }}',
    [
      ['}}', 'Expected an expression'],
      ['%}', 'Expected an expression'],
      ['}}', 'Expected ")"'],
    ],
  ],
  [
    '{% fr i in n %}{{ a. }}',
    [
      ['fr', 'Did you mean "for"?'],
      ['n', 'Expected something to go through'],
      ['}}', 'a name or a number behind "."'],
    ],
  ],
  ["{% for i in 'ab' %}{{ i }}", [['{% for', 'Expected {% endfor %}']]],
  ['{% include "x" %}', [['include', 'a spec is one file']]],
  ['{{ output }}', [['output', 'write {{output}} without blanks']]],
  ['{{ input:0 }}', [['input:', 'Write {{input:…}}']]],
  [
    '{{ x.__class__ }}{{ n.__class__ }}',
    [
      ['x', '"x" is undefined'],
      ['n.__class__', 'unsafe'],
    ],
  ],
  ['{{ config.items }}', [['config.items', 'Add "()" behind it']]],
  ["{{ [1]|map('string') }}", [["[1]|map('string')", 'Add |list']]],
  ['{{ [1, 2]|random }}', [['[1, 2]|random', 'gives another each time']]],
]

describe('reports all faults at their places', () => {
  for (const [template, faults] of examples) {
    it(JSON.stringify(template), () => {
      const result = renderTemplate(template, { n: 3, name: 'a', config: { gpu: 1 } })
      assert.ok(result.kind === 'failed')
      assert.deepEqual(
        result.faults.map((fault) => template.slice(fault.offset, fault.endOffset)),
        faults.map(([at]) => at),
      )
      for (const [index, [, part]] of faults.entries())
        assert.ok(result.faults[index]?.message.includes(part), result.faults[index]?.message)
    })
  }
  it('stops at one more than is shown', () => {
    const result = renderTemplate(Array.from({ length: 999 }, (_, index) => `{{ undefined_${index} }}`).join(''), {})
    assert.equal(result.kind === 'failed' && result.faults.length, 201)
  })
})
