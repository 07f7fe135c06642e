import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderTemplate } from '../../../src/spec/template/render.ts'
import { shieldTokens } from '../../../src/spec/template/shield.ts'
import { rendered } from './render-table.ts'

const kept = [
  ['{{output}}/x {{uuid}} {{workflow_id}}', '{{output}}/x {{uuid}} {{workflow_id}}'],
  ['{{input:0}} {{input:task}} {{host:a-b}}', '{{input:0}} {{input:task}} {{host:a-b}}'],
  ['{{host: a b }}', '{{host: a b }}'],
  ['{{host:a\nb}}', '{{host:a\nb}}'],
  ['{{host:{{x}}}}', '{{host:{{x}}}}'],
  ['{{host:a}} and {{host:a }}', '{{host:a }} and {{host:a }}'],
  ["{{host:'}}{{ n }}", "{{host:'}}3"],
  ['{{host:{# }}{{ n }}{# {{output}} #}', '{{host:{# }}3'],
  ['{# {{host:#}} #}x', 'x'],
  ['{% raw %}{{host:worker_{% endraw %}{{ n }}{% raw %}}}{% endraw %}', '{{host:worker_3}}'],
  ['{% raw %}{{output}} {{ x }}{% endraw %}', '{{output}} {{ x }}'],
  ['{% raw %}{{host:{% endraw %}}}{% endraw %}', '{{host:{% endraw %}}}'],
  ['{{ "{{output}}" }}', '{{output}}'],
  ["{% set x = '{{input:0}}' %}{{ x|upper }}", '{{INPUT:0}}'],
  ['{% for i in range(2) %}{{host:w}}{{ i }}{% endfor %}', '{{host:w}}0{{host:w}}1'],
  ['{{output}}\r\n{{ n }}', '{{output}}\n3'],
  ['{{host:a\r\nb}}', '{{host:a\r\nb}}'],
] as const

const refused = [
  ['{{ output }}', 'template/undefined', 3, 9],
  ['{{output }}', 'template/undefined', 2, 8],
  ['{{ input:0 }}', 'template/syntax', 3, 9],
  ['{{ host:x }}', 'template/syntax', 3, 8],
  ['{{{output}}}', 'template/syntax', 1, 11],
  ['{{ {{output}} }}', 'template/syntax', 3, 13],
  ['{% if {{output}} %}{% endif %}', 'template/syntax', 6, 16],
] as const

describe('tokens of OSMO', () => {
  for (const [template, text] of kept) it(`keeps ${JSON.stringify(template)}`, () => assert.equal(rendered(template, { n: 3 }), text))
  for (const [template, code, offset, endOffset] of refused) {
    it(`refuses ${JSON.stringify(template)}`, () => {
      const result = renderTemplate(template, {})
      assert.ok(result.kind === 'failed')
      const [fault] = result.faults
      assert.deepEqual([fault?.code, fault?.offset, fault?.endOffset], [code, offset, endOffset])
    })
  }
  it('leaves every offset where it was', () => {
    const text = 'a {{output}} b {{host:x y}} c'
    const { masked, tokens } = shieldTokens(text)
    assert.equal(masked, 'a {{______}} b {{________}} c')
    assert.deepEqual([...tokens.keys()], [2, 15])
  })
  it('takes time by the length of the text', () => {
    assert.equal(shieldTokens('{{host:'.repeat(200_000)).tokens.size, 0)
  })
})
