import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderTemplate } from '../../../src/spec/template/render.ts'

/** The pieces at which faults are found, in the order of the text. What a name or a tag with a fault makes uncertain is no second fault. */
const examples: readonly (readonly [template: string, faults: readonly string[]])[] = [
  // Syntax does not hide what else is wrong.
  ['{{ 1 + }} {{ nope }}', ['}}', 'nope']],
  ['{{ nope }} {{ 1 + }}', ['nope', '}}']],
  ['{{ 1 + }} {{ n + "a" }} {{ n|uper }} {{ nope.x }}', ['}}', 'n + "a"', 'uper', 'nope']],
  ['{{ nope|uper }}', ['nope', 'uper']],
  ['{{ n is evn }} {{ nope }}', ['evn', 'nope']],
  ['{% if n %}{{ nope|uper }}{% endif %}', ['nope', 'uper']],
  // Tags whose end is forgotten.
  ['a: {{ n\nb: {{ nope }}\nc: {{ 1 + }}', ['b', 'nope', '}}']],
  ['a: {{ n\nb: 1\nc: {{ n }}', ['b']],
  ['a: {{ n\nb: 1', ['b']],
  ['{% set a = n\nb: {{ nope }}\n{{ a }}', ['b', 'nope']],
  ['{% if n\n  x\n{% endif %}{{ nope }}', ['x', 'nope']],
  ['{% for i in l\n{{ i }}\n{% endfor %}{{ nope }}', ['{', 'nope']],
  ['{{ [1, 2 }} {{ nope }}', ['}}', 'nope']],
  ['{{ [1,\n 2 3,\n 4] }} {{ nope }}', ['3', 'nope']],
  ['{% set a = {{ n }} %}{{ a }} {{ nope }}', ['}', 'nope']],
  // Quotes.
  ["a: {{ 'x }}\nb: {{ nope }}", ["'", 'nope']],
  ["a: {{ 'x }}\nb: it's {{ nope }}\nc: 'd'", ["'", 'nope']],
  ["a: {{ 'x }} {{ n ~ 'y' }} {{ nope }}", ["'", 'nope']],
  ["{% set a = 'x %}\n{{ a }} 'b' {{ nope }}", ["'", 'nope']],
  ["{{ n ~ 'x\nb: {{ nope }}", ["'", 'nope']],
  ['{{ "a }}\n{{ "b }}\n{{ nope }}', ['"', '"', 'nope']],
  // Comments and raw text.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: shell text, as users write it
  ['echo ${#a[@]} {{ nope }}\necho ${#b[@]}', ['{#', 'nope', '{#']],
  ['{# {{ old }}\n{{ nope }}', ['{#', 'nope']],
  ['{% raw x %}{{ a b }}{% endraw %}{{ nope }}', ['raw', 'nope']],
  ['{% rwa %}{{ a b }}{% endraw %}{{ nope }}', ['rwa', 'nope']],
  ['{% raw %}{{ a b }}', ['{% raw %}']],
  // Blocks.
  ['{% if n %}{% for i in l %}{{ i }}{% endif %}{{ nope }}', ['endif', 'nope']],
  ['{% if n %}{% for i in l %}{{ i }}{% endif %}{% endif %}{{ nope }}', ['endif', 'nope']],
  ['{% if n %}{% for i in l %}{{ i }}{% endif %}{% endfor %}{{ nope }}', ['endif', 'nope']],
  ['{% if n %}{% with a = 1 %}{{ a }}{% else %}b{% endif %}', ['else']],
  ['{% for i in l %}{% if n %}{{ nope }}', ['{% for', '{% if', 'nope']],
  ['{% for i in l %}{{ i }}{% endif %}{{ nope }}', ['endif', 'nope']],
  ['{% for i in l %}{{ i }}{% ednfor %}{{ nope }}', ['ednfor', 'nope']],
  ['{% fro i in l %}{{ i }}{% endfor %}{{ nope }}', ['fro', 'nope']],
  ['{% if n %}a{% esle %}b{% endif %}{{ nope }}', ['esle', 'nope']],
  ['{% endfor %}{{ nope }}{% else %}', ['endfor', 'nope', 'else']],
  ['{% while n %}{{ x }}{% endwhile %}{{ nope }}', ['while', 'nope']],
  ['{% switch n %}{% case 1 %}{{ x }}{% endcase %}{% endswitch %}{{ nope }}', ['switch', 'case', 'endcase', 'endswitch', 'nope']],
  ["{% include 'a' %}{{ nope }}", ['include', 'nope']],
  ["{% from 'a' import box %}{{ box() }}{{ nope }}", ['from', 'nope']],
  // What a fault leaves open is not judged.
  ['{% set a = 1 + %}{{ a.b }}{{ nope }}', ['%}', 'nope']],
  ['{% set a, b = 1 + %}{{ a }}{{ b }}', ['%}']],
  ['{% set a | %}x{% endset %}{{ a }}', ['%}']],
  ['{% for i on l %}{{ i.x }}{{ loop.x }}{{ nope }}{% endfor %}', ['on', 'nope']],
  ['{% for a, b in 5 %}{{ a }}{{ nope }}{% endfor %}', ['5', 'nope']],
  ['{% for a, b in [1] %}{{ a }}{{ nope }}{% endfor %}', ['a, b', 'nope']],
  ['{% if n = 1 %}{{ nope }}{% set a = 1 %}{% macro m() %}{% endmacro %}{% endif %}{{ a }}{{ m() }}', ['=']],
  ['{% if nope %}{{ other }}{% else %}{{ another }}{% endif %}', ['nope']],
  ['{% if n %}a{% elif nope + %}{{ other }}{% endif %}', ['%}']],
  ['{% macro m(a b) %}{{ a }}{% endmacro %}{{ m(1) }}{{ nope }}', ['b', 'nope']],
  ['{% with a = nope, b = n + %}{{ a }}{{ b }}{{ other }}{% endwith %}', ['%}', 'other']],
  ['{% with a = nope, b = n + "x" %}{{ a }}{{ b }}{{ other }}{% endwith %}', ['nope', 'n + "x"', 'other']],
  ['{% filter uper %}{{ nope }}{% endfilter %}', ['uper', 'nope']],
  ['{% filter + %}{{ nope }}{% endfilter %}', ['+', 'nope']],
  ['{% set ns = namespace() %}{% set ns.a = nope %}{{ ns.a }}', ['nope']],
  ['{% set ns = namespace() %}{% if nope %}{% for i in l %}{% set ns.a = i %}{% endfor %}{% endif %}{{ ns.a }}', ['nope']],
  ['{% set x = [] %}{{ x.append(nope.y) }}{{ x[0] }}', ['nope']],
  ['{% set x = {} %}{% if nope %}{% set _ = x.update(a=1) %}{% endif %}{{ x.a }}', ['nope']],
  ['{% set a = nope %}{{ a is defined }}{{ a|default(1) + 1 }}{{ [a]|join }}', ['nope']],
  // All names of one expression, where it surely uses them.
  ['{{ nope }}/{{ nope ~ other }}', ['nope', 'nope', 'other']],
  ['{{ nope + other * third.x|upper }}', ['nope', 'other', 'third']],
  ['{{ nope and other }}{{ nope if other else third }}', ['nope', 'other']],
  ['{{ nope ~ other|default("") ~ (third is defined) ~ n }}', ['nope']],
  ['{% for i in nope + other %}{% endfor %}', ['nope', 'other']],
  ['{% if nope == other %}{% endif %}', ['nope', 'other']],
  // Names that need not be defined.
  ['{{ 1 + }}{{ nope is defined }}{{ nope|default(1) }}{% if false %}{{ nope }}{% endif %}', ['}}']],
  ['{{ 1 + }}{% macro m() %}{{ nope }}{% endmacro %}{% for i in [] %}{{ nope }}{% endfor %}', ['}}']],
]

describe('finds all faults of a text at once, and none that is not', () => {
  for (const [template, faults] of examples) {
    it(JSON.stringify(template), () => {
      const result = renderTemplate(template, { n: 3, l: [1, 2] })
      assert.ok(result.kind === 'failed')
      assert.deepEqual(
        result.faults.map((fault) => template.slice(fault.offset, fault.endOffset)),
        faults,
        JSON.stringify(result.faults, undefined, 1),
      )
    })
  }
})
