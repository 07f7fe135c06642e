import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderTemplate } from '../../../src/spec/template/render.ts'

/** The piece of the source that printed each mark of the output. */
const examples = [
  ['a: {{ n }}\nb: [x]', '[x]', '[x]'],
  ['a: {{ n }}\nb: x', '3', '{{ n }}'],
  ['{% for i in range(3) %}\n- {{ i }}\n{% endfor %}[end]', '2', '{{ i }}'],
  ['{% for i in range(3) %}\n- {{ i }}\n{% endfor %}[end]', '[end]', '[end]'],
  ['{# c #}{{output}}: [v]', '{{output}}', '{{output}}'],
  ['a\r\nb\r\n[c]\r\n', '[c]', '[c]'],
  ['{% raw %}{{ a }}[b]{% endraw %}', '[b]', '[b]'],
  ['{% macro m() %}[q]{% endmacro %}x {{ m() }}', '[q]', '{{ m() }}'],
  ['{% set x %}[q]{% endset %}x {{ x }}', '[q]', '{{ x }}'],
  ['{{host:a}} {{host:a }}', '{{host:a }}', '{{host:a}}'],
  ['  {{- n -}}  [t]', '[t]', '[t]'],
] as const

describe('maps the output back to the source', () => {
  for (const [template, mark, source] of examples) {
    it(`${JSON.stringify(mark)} of ${JSON.stringify(template)}`, () => {
      const result = renderTemplate(template, { n: 3 })
      assert.ok(result.kind === 'rendered')
      const at = result.text.indexOf(mark)
      assert.ok(at >= 0, result.text)
      assert.equal(result.map.sourceOffset(at), template.indexOf(source))
      const { start, end } = result.map.sourceSpan(at)
      assert.ok(source.startsWith(template.slice(start, end)))
    })
  }
  it('maps every character of text without tags to itself', () => {
    const text = 'workflow:\n  name: x\n  tasks: []'
    const result = renderTemplate(text, {})
    assert.ok(result.kind === 'rendered')
    for (let offset = 0; offset < text.length; offset++) assert.equal(result.map.sourceOffset(offset), offset)
  })
  it('answers for offsets outside of the output', () => {
    const result = renderTemplate('', {})
    assert.ok(result.kind === 'rendered')
    assert.equal(result.map.sourceOffset(99), 0)
  })
})
