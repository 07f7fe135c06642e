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
  ['{% macro m() %}[q]{% endmacro %}x {{ m() }}', '[q]', '[q]'],
  ['{% set x %}[q]{% endset %}x {{ x }}', '[q]', '[q]'],
  ['{{host:a}} {{host:a }}', '{{host:a }}', '{{host:a}}'],
  ['  {{- n -}}  [t]', '[t]', '[t]'],
  ['a: "[{{ n }}"', '[3', '[{{ n }}'],
  ['a: "{{ n }}]{{ n }}"', '3]3', '{{ n }}]{{ n }}'],
  ['{% for i in range(3) %}[{{ i }}].{% endfor %}', '.[1', '.'],
  ['{% for i in range(3) %}{{ i }}.{% endfor %}', '0.1', '{{ i }}'],
  ['{% macro m(a) %}<{{ a }}>[q]{% endmacro %}{{ m(1) }} {{ m(2) }}', '2', '{{ a }}'],
  ['{% macro m(a) %}<{{ a }}>[q]{% endmacro %}x{{ m(1) }}y', 'x<1', 'x{{ m(1) }}'],
  ['{% macro m(a) %}<{{ a }}>[q]{% endmacro %}x{{ m(1) }}y', '1>[q]y', '{{ a }}>[q]'],
  ['{% macro m(a) %}[{{ a }}]{% endmacro %}{% macro o(a) %}({{ m(a) }}){% endmacro %}{{ o(m(n)) }}', '[[', '[{{ a }}'],
  ['{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}[q]{% endcall %}', '[q]', '[q]'],
  ['{% macro m() %}[q]{% endmacro %}{% macro o(a) %}{{ a }}{% endmacro %}{{ o(m()) }}', '[q]', '[q]'],
  ['{% macro m() %}[q]{% endmacro %}{{ m() if n else 1 }}', '[q]', '[q]'],
  ['{% macro m() %}[q]{% endmacro %}{% set x = m() %}.{{ x }}', '[q]', '[q]'],
  ['{% macro m() %}[q]{% endmacro %}{{ m()|upper }}', '[Q]', '{{ m()|upper }}'],
  ['{% macro m() %}[q]{% endmacro %}{{ m()|trim }}', '[q]', '[q]'],
  ['{% macro m() %}q{% endmacro %}{{ m() }} {{ "q" }}', ' q', ' {{ "q" }}'],
  ['{% for a in ["q", "r"] %}{{ a }}{% set x %}r{% endset %}{% endfor %}', 'r', '{{ a }}'],
  ['{% set x %}q{% endset %}{% set x = "q" %}{{ x }}', 'q', '{{ x }}'],
  ['{% set x %}[q\n]{% endset %}{% for a in [x] %}{{ a }}{% endfor %}', 'q\n]', 'q\n]'],
  ['{% set s = namespace() %}{% set s.x %}[q\n]{% endset %}{{ s.x }}', 'q\n]', 'q\n]'],
  ['{% set x|upper %}[q]{% endset %}{{ x }}', '[Q]', '{{ x }}'],
  ['{% set x %}<b>{% endset %}{% autoescape true %}{{ x }}{% endautoescape %}', '&lt;', '{{ x }}'],
  ['{% autoescape true %}{% set x %}[q]{% endset %}{{ x }}{% endautoescape %}', '[q]', '[q]'],
  ['{% for a in [[[]]] recursive %}[{{ loop(a) }}]{% endfor %}', '[]', '[{{ loop(a) }}]'],
  ['{% filter trim %}a[q]{% endfilter %}', '[q]', '[q]'],
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
  it('maps a text that was captured thousands of times', () => {
    const template = `{% set s = namespace(x="\\n") %}{% for i in range(9000) %}{% set s.x %}{{ s.x }}q{% endset %}{% endfor %}{{ s.x }}`
    const result = renderTemplate(template, {})
    assert.ok(result.kind === 'rendered')
    const { start, end } = result.map.sourceSpan(1, 2)
    assert.equal(template.slice(start, end), '{{ s.x }}')
  })
  it('maps to the tag where bodies have made more pieces than are kept', () => {
    const template = `{% macro m() %}{% for i in range(11) %}{% for j in range(10000) %}q{% endfor %}{% endfor %}{% endmacro %}{{ m() }}`
    const result = renderTemplate(template, {})
    assert.ok(result.kind === 'rendered')
    const { start, end } = result.map.sourceSpan(1, 2)
    assert.equal(template.slice(start, end), '{{ m() }}')
  })
  it('answers for offsets outside of the output', () => {
    const result = renderTemplate('', {})
    assert.ok(result.kind === 'rendered')
    assert.deepEqual(result.map.sourceSpan(99, 100), { start: 0, end: 0 })
  })
})
