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
  ['a: "[{{ n }}"', '[3', '[{{ n }}'],
  ['a: "{{ n }}]{{ n }}"', '3]3', '{{ n }}]{{ n }}'],
  ['{% for i in range(3) %}[{{ i }}].{% endfor %}', '.[1', '.'],
  ['{% for i in range(3) %}{{ i }}.{% endfor %}', '0.1', '{{ i }}'],
  ['{% filter upper %}a{% if n %}b{% endif %}{% endfilter %}', 'AB', 'upper'],
] as const

describe('maps the output back to the source', () => {
  for (const [template, mark, source] of examples) {
    it(`${JSON.stringify(mark)} of ${JSON.stringify(template)}`, () => {
      const result = renderTemplate(template, { n: 3 })
      assert.ok(result.kind === 'rendered')
      const at = result.text.indexOf(mark)
      assert.ok(at >= 0, result.text)
      const { start, end } = result.map.sourceSpan(at, at + mark.length)
      assert.deepEqual([start, template.slice(start, end)], [template.indexOf(source), source])
    })
  }
  it('maps every character of text without tags to itself', () => {
    const text = 'workflow:\n  name: x\n  tasks: []'
    const result = renderTemplate(text, {})
    assert.ok(result.kind === 'rendered')
    for (let offset = 0; offset < text.length; offset++) {
      assert.deepEqual(result.map.sourceSpan(offset, offset + 1), { start: offset, end: offset + 1 })
      assert.deepEqual(result.map.sourceSpan(offset, offset), { start: offset, end: offset })
    }
  })
  it('answers for offsets outside of the output', () => {
    const result = renderTemplate('', {})
    assert.ok(result.kind === 'rendered')
    assert.deepEqual(result.map.sourceSpan(99, 100), { start: 0, end: 0 })
  })
})
