import { describe } from 'node:test'
import { itRendersEach } from './render-table.ts'

/** Expectations are what Jinja2 3.1.6 under Python 3.11 prints for the same values. */
const examples: readonly (readonly [template: string, text: string])[] = [
  ['a\n{% if true %}\nb\n{% endif %}\nc', 'a\n\nb\n\nc'],
  ['a\n{%- if true -%}\nb\n{%- endif -%}\nc', 'abc'],
  ['a  {{- n -}}  b', 'a3b'],
  ['a\n\n{{ n }}\n', 'a\n\n3'],
  ['a\n\n\n', 'a\n\n'],
  ['\n', ''],
  ['', ''],
  ['x\n{# c #}\ny', 'x\n\ny'],
  ['x\n{#- c -#}\ny', 'xy'],
  ['x {#+ c +#} y', 'x  y'],
  ['{%+ if true +%} x {%+ endif %}', ' x '],
  ['{% raw %}{{ x }}{% y %}{# z #}{% endraw %}', '{{ x }}{% y %}{# z #}'],
  [' {%- raw -%} {{ x }} {%- endraw -%} z', '{{ x }}z'],
  ['{%raw%}a{%endraw%}', 'a'],
  ['a\r\nb\r\n{{ n }}\r\n', 'a\nb\n3'],
  ['a\rb', 'a\nb'],
  ['{{-1}} x', '1 x'],
  ["{{ 'a\n b' }}", 'a\n b'],
  ['  {%- set x = 1 %}  {{ x }}', '  1'],
  ['{% for i in range(2) %}\n  - {{ i }}\n{% endfor %}\nend', '\n  - 0\n\n  - 1\n\nend'],
  ['{# a {{ undefined }} b #}x', 'x'],
  ['a{{ n }}\n{{ n }}b\n', 'a3\n3b'],
  ["{{ {'a': {'b': 1}}}}", "{'a': {'b': 1}}"],
  ["{{ {'a': {}} }}", "{'a': {}}"],
  ['{ {x} } }} %} #}', '{ {x} } }} %} #}'],
  ["{{ '}}' }} {{ '%}' }}", '}} %}'],
  ["{% set x = '%}' %}{{ x }}", '%}'],
  ['\u0024{x} $(y) {z}', '\u0024{x} $(y) {z}'],
  ['a\u00a0{{- n }}', 'a3'],
  ['\u000b{{- n }}', '3'],
  ['{{ n -}}\n\n\n', '3'],
  ['a \n {%- if true %} b {% endif -%} \n c', 'a b c'],
]

describe('keeps and strips white space as Jinja does', () => itRendersEach(examples))
