import { describe } from 'node:test'
import { itRendersEach } from './render-table.ts'

/** Rarely written, and met by comparing generated templates. Expectations are what Jinja2 3.1.6 under Python 3.11 prints for the same values. */
const examples: readonly (readonly [template: string, text: string])[] = [
  [
    "{{ 'l'.find('', 1) }} {{ 'l'.find('', 2) }} {{ 'abc'.find('', 2, 1) }} {{ 'abc'.count('', 9) }} {{ 'abc'.startswith('', 9) }} {{ 'abc'.rfind('', -1) }} {{ 'abc'.endswith('', 3) }}",
    '1 -1 -1 0 False 3 True',
  ],
  [
    "{{ 'a b'.split(maxsplit=1) }} {{ 'a\\tb'.expandtabs(tabsize=2) }} {{ 'a\\nb'.splitlines(keepends=true) }}",
    "['a', 'b'] a b ['a\\n', 'b']",
  ],
  ["{{ '١٢'|int }} {{ '٣.٥'|float }} {{ '𝟗'|int }} {{ '१_०'|int }} {{ '1e400'|int }} {{ '1e400'|float }}", '12 3.5 9 10 0 inf'],
  [
    '{{ f.as_integer_ratio() }} {{ (-0.1).as_integer_ratio() }} {{ (0.0).as_integer_ratio() }} {{ 1e22.as_integer_ratio() }} {{ f.is_integer() }} {{ one.is_integer() }} {{ n.as_integer_ratio() }}',
    '(5, 2) (-3602879701896397, 36028797018963968) (0, 1) (10000000000000000000000, 1) False True (3, 1)',
  ],
  [
    "{{ '{:z.1f}'.format(-0.01) }} {{ '{:z}'.format(-0.0) }} {{ '{:+z.0f}'.format(-1.5) }} {{ '{:05}'.format('a') }} {{ '{:05}'.format(-1) }} {{ '{:_x}'.format(1000000) }} {{ '{:#x}'.format(255) }}",
    '0.0 0.0 -2 a0000 -0001 f_4240 0xff',
  ],
  [
    "{{ '%%' % () }} {{ '100%%' % [] }} {{ 'ǆ'.title() }} {{ 'ŉ'.capitalize() }} {{ 'აბ'.title() }} {{ 'ſς'.casefold() }} {{ 'ß'.title() }}",
    '% 100% ǅ ʼN აბ sσ Ss',
  ],
  [
    "{{ {range: 1} is mapping }} {{ [1] in d.values() }} {{ 'a' in d.keys() }} {{ 1 in d.keys() }} {{ (1 if false) is sequence }} {{ {('x' if false): 1}|length }} {{ range is filter }}",
    'True False True False True 1 False',
  ],
  [
    '{% macro m(a, b=1) %}{{ kwargs }}{% endmacro %}{{ m.catch_kwargs }} {{ m.catch_varargs }} {{ m.caller }} {{ m.explicit_caller }} {{ m.arguments }}',
    "True False False False ('a', 'b')",
  ],
  [
    '{% macro m(caller=none) %}{{ caller() if caller }}{% endmacro %}{{ m() }}{% call m() %}x{% endcall %}{{ m.caller }}{{ m.explicit_caller }}',
    'xTrueTrue',
  ],
  ['{% set loop = 1 %}{{ loop }}{% for x in [1] %}{{ loop.index }}{% endfor %}{% macro loop() %}m{% endmacro %}{{ loop() }}', '11m'],
  ['{% filter length|string %}abc{% endfilter %}{% filter upper %}a{% endfilter %}{% set x | length %}abc{% endset %}{{ x + 1 }}', '3A4'],
  [
    '{% for x in [[1], [2]] %}{% for (y) in x %}{{ y }}{% endfor %}{% endfor %}{% for x, y, in in [[1, 2, 3]] %}{{ x }}{{ y }}{% endfor %}',
    '1212',
  ],
  ["{{ '1e400'|float|filesizeformat }} {{ ('1e400'|float).hex() }}", 'inf YB inf'],
  ['{% for i in l %}{% with loop = 1 %}{{ loop }}{% endwith %}{% endfor %}', '111'],
  ["{{ 'a' }}{#- x -#} {{- 'b' }}\n{%+ if true -%}  c{% endif +%}\n", 'a' + 'b\nc'],
  [
    "{{ '%#.0f' % 2.5 }} {{ '{:#.0e}'.format(1.0) }} {{ '%#.0g' % 3.0 }} {{ '{:#.0%}'.format(0.5) }} {{ '{:.0%}'.format(0.5) }}",
    '2. 1.e+00 3. 50.% 50%',
  ],
  ["{{ '{:#.3g}'.format(1.0) }} {{ '{:#g}'.format(1e20) }} {{ '{:#.1g}'.format(5.0) }}", '1.00 1.00000e+20 5.'],
  ["{{ 'x' in (1 if false) }} {{ ('nan'|float)|int }}", 'False 0'],
  [
    '{% if false %}{{ 1|uper }}{% for i in 1|uper %}{% endfor %}{% with a = 1|uper %}{% endwith %}{% call range(1|uper) %}{% endcall %}{% endif %}x',
    'x',
  ],
  ['{{ 1 if true else 1|uper }}', '1'],
  ["{{ '%03c' % 'a' }}|{{ date.strftime('%y%%') }}", '  a|25%'],
]

describe('does in details as Jinja and Python do', () => itRendersEach(examples))
