import { describe } from 'node:test'
import { itRendersEach } from './render-table.ts'

/** Expectations are what Jinja2 3.1.6 under Python 3.11 prints for the same values. */
const examples: readonly (readonly [template: string, text: string])[] = [
  ['{{ [1, 2]|reverse|reverse }}', '[1, 2]'],
  ["{{ 'a\\é\\😀\\q' }}", 'a\\xe9\\U0001f600\\q'],
  ["{{ -5|abs }} {{ 's'|capitalize }} {{ 'ab'|center(6) }}| {{ l|count }} {{ s|length }} {{ d|length }}", '5 S   ab  | 3 11 3'],
  [
    "{{ x|default('q') }} {{ e|default('q') }} {{ e|default('q', true) }} {{ e|d('z', boolean=true) }} {{ d.zz|default(1) }} {{ no|default(2) }}",
    'q  q z 1 None',
  ],
  [
    "{{ d|dictsort }} {{ {'B': 1, 'a': 2}|dictsort }} {{ {'B': 1, 'a': 2}|dictsort(true) }} {{ {'a': 2, 'b': 1}|dictsort(by='value') }} {{ {'a': 2, 'b': 1}|dictsort(reverse=true) }}",
    "[('a', 'x'), ('b', 1), ('c', None)] [('a', 2), ('B', 1)] [('B', 1), ('a', 2)] [('b', 1), ('a', 2)] [('b', 1), ('a', 2)]",
  ],
  [
    "{{ '<a href=\"x\">&\\'</a>'|e }} {{ '<'|escape|escape }} {{ '<'|e|forceescape }} {{ 5|e }}",
    '&lt;a href=&#34;x&#34;&gt;&amp;&#39;&lt;/a&gt; &lt; &amp;lt; 5',
  ],
  [
    '{{ 1|filesizeformat }} {{ 1000|filesizeformat }} {{ 1024|filesizeformat(true) }} {{ 123456789|filesizeformat }} {{ 999|filesizeformat }} {{ 1500000000000|filesizeformat(binary=true) }}',
    '1 Byte 1.0 kB 1.0 KiB 123.5 MB 999 Bytes 1.4 TiB',
  ],
  ["{{ l|first }} {{ l|last }} {{ 'abc'|first }} {{ 'abc'|last }} {{ range(5)|last }}", '3 2 a c 4'],
  [
    "{{ '3.7'|float }} {{ 'x'|float }} {{ 'x'|float(1.5) }} {{ 3|float }} {{ 'inf'|float }} {{ '1e3'|float }} {{ none|float }}",
    '3.7 0.0 1.5 3.0 inf 1000.0 0.0',
  ],
  [
    "{{ '42'|int }} {{ '42.9'|int }} {{ 'x'|int }} {{ 'x'|int(7) }} {{ 'ff'|int(base=16) }} {{ '0x1f'|int(0, 16) }} {{ '1_000'|int }} {{ 3.99|int }} {{ -3.99|int }} {{ true|int }} {{ none|int(5) }} {{ ' 5 '|int }} {{ '0b11'|int(0, 0) }} {{ '1e3'|int }}",
    '42 42 0 7 255 31 1000 3 -3 1 5 5 3 1000',
  ],
  ["{{ '%s-%s'|format('a', 1) }} {{ '%(x)s'|format(x=5) }}", 'a-1 5'],
  ["{% for g, ts in tasks|groupby('gpu') %}{{ g }}:{{ ts|map(attribute='name')|join(',') }};{% endfor %}", '1:a;2:b,C;'],
  [
    "{% for g in tasks|groupby('gpu') %}{{ g.grouper }}{{ g.list|length }}{{ g }}{% endfor %}",
    "11(1, [{'name': 'a', 'gpu': 1, 'tags': []}])22(2, [{'name': 'b', 'gpu': 2, 'tags': ['x']}, {'name': 'C', 'gpu': 2}])",
  ],
  [
    "{{ 'a\\nb\\n\\nc'|indent }}|{{ 'a\\nb'|indent(2, true) }}|{{ 'a\\n\\nb'|indent(2, blank=true) }}|{{ 'a\\nb'|indent('> ') }}",
    'a\n    b\n\n    c|  a\n  b|a\n  \n  b|a\n> b',
  ],
  [
    "{{ [1, 'a', none, 1.0]|join('-') }} {{ tasks|join(',', attribute='name') }} {{ 'abc'|join('.') }} {{ []|join }}",
    '1-a-None-1.0 b,a,C a.b.c ',
  ],
  ["{{ 'ABC'|lower }} {{ 'abc'|upper }} {{ 5|upper }} {{ none|lower }}", 'abc ABC 5 none'],
  [
    "{{ l|map('string')|list }} {{ w|map('upper')|join }} {{ tasks|map(attribute='gpu')|sum }} {{ tasks|map(attribute='tags', default='-')|list }} {{ ['1','2']|map('int')|list }} {{ w|map('replace', 'b', 'z')|list }} {{ [[1,2],[3]]|map('first')|list }}",
    "['3', '1', '2'] BAC 5 [['x'], [], '-'] [1, 2] ['z', 'A', 'c'] [1, 3]",
  ],
  [
    "{{ l|max }} {{ l|min }} {{ w|min }} {{ w|max }} {{ w|min(case_sensitive=true) }} {{ (tasks|max(attribute='gpu')).name }} {{ ['a']|max }}",
    '3 1 A c A b a',
  ],
  [
    "{{ [1, 2, 3, 4]|select('odd')|list }} {{ [0, 1, '']|select|list }} {{ [1, 2, 3]|reject('gt', 1)|list }} {{ [1,2,3]|select('>=', 2)|list }}",
    '[1, 3] [1] [1] [2, 3]',
  ],
  [
    "{{ tasks|selectattr('gpu', 'eq', 2)|map(attribute='name')|list }} {{ tasks|rejectattr('tags', 'defined')|map(attribute='name')|list }} {{ tasks|selectattr('gpu', 'in', [1])|map(attribute='name')|list }}",
    "['b', 'C'] ['C'] ['a']",
  ],
  ["{{ 'aXa'|replace('a', 'b') }} {{ 'aaa'|replace('a', 'b', 1) }} {{ 5|replace(5, 6) }}", 'bXb baa 6'],
  ["{{ [1,2,3]|reverse|list }} {{ 'abc'|reverse }}", '[3, 2, 1] cba'],
  [
    "{{ 2.567|round(2) }} {{ 2.5|round }} {{ 3.5|round }} {{ 2.1|round(method='ceil') }} {{ 2.19|round(1, 'floor') }} {{ 5|round }} {{ 1234.5|round(-2) }} {{ 2.675|round(2) }} {{ 1250|round(-2) }} {{ 42.55|round|int }} {{ 7|round(1, 'ceil') }} {{ 1e300|round(2) }} {{ -0.4|round }}",
    '2.57 2.0 4.0 3.0 2.1 5 1200.0 2.67 1200 43 7.0 1e+300 -0.0',
  ],
  [
    "{{ [1,2,3,4,5]|slice(2)|list }} {{ [1,2,3]|slice(2, 'x')|list }} {{ [1,2,3,4,5]|batch(2)|list }} {{ [1,2,3]|batch(2, 'x')|list }}",
    "[[1, 2, 3], [4, 5]] [[1, 2], [3, 'x']] [[1, 2], [3, 4], [5]] [[1, 2], [3, 'x']]",
  ],
  [
    "{{ l|sort }} {{ l|sort(reverse=true) }} {{ w|sort }} {{ w|sort(case_sensitive=true) }} {{ (tasks|sort(attribute='name'))|map(attribute='name')|list }} {{ (tasks|sort(attribute='gpu,name'))|map(attribute='name')|list }} {{ 'cab'|sort|join }}",
    "[1, 2, 3] [3, 2, 1] ['A', 'b', 'c'] ['A', 'b', 'c'] ['a', 'b', 'C'] ['a', 'b', 'C'] abc",
  ],
  ["{{ 5|string }} {{ [1]|string }} {{ none|string }} {{ '<b>a</b> <!-- x -->  b &amp; c'|striptags }}", '5 [1] None a b & c'],
  [
    "{{ [1, 2.5]|sum }} {{ []|sum }} {{ tasks|sum(attribute='gpu') }} {{ [[1], [2]]|sum(start=[]) }} {{ [1]|sum(start=10) }}",
    '3.5 0 5 [1, 2] 11',
  ],
  ["{{ 'hello world-foo bar_baz (qux)'|title }} {{ \"it's\"|title }} {{ 'HELLO'|title }}", "Hello World-Foo Bar_baz (Qux) It's Hello"],
  [
    "{{ {'b': [1, 2.0, true, none, '\u00e9\"<>&\\''], 'a': {}}|tojson }} {{ [1]|tojson(indent=2) }} {{ {'x': [1, {'y': 2}], 'z': []}|tojson(2) }} {{ 'a\\nb'|tojson }} {{ 1.0|tojson }} {{ (1, 2)|tojson }} {{ '\ud83d\ude00'|tojson }} {{ {1: 2}|tojson }}",
    '{"a": {}, "b": [1, 2.0, true, null, "\\u00e9\\"\\u003c\\u003e\\u0026\\u0027"]} [\n  1\n] {\n  "x": [\n    1,\n    {\n      "y": 2\n    }\n  ],\n  "z": []\n} "a\\nb" 1.0 [1, 2] "\\ud83d\\ude00" {"1": 2}',
  ],
  [
    "{{ ' a '|trim }}|{{ 'xax'|trim('x') }} {{ s|truncate(8) }} {{ s|truncate(5, true, '', 0) }} {{ 'a b c d e f g h i j k l m n o p'|truncate(10) }} {{ 'foo bar baz qux'|truncate(9, leeway=0) }} {{ 'foo bar baz qux'|truncate(11, true, leeway=0) }}",
    'a|a hello world hello a b c... foo... foo bar ...',
  ],
  [
    "{{ [1, 2, 1, 'a', 'A']|unique|list }} {{ ['a', 'A']|unique(true)|list }} {{ tasks|unique(attribute='gpu')|map(attribute='name')|list }}",
    "[1, 2, 'a'] ['a', 'A'] ['b', 'a']",
  ],
  [
    "{{ 'a b/c?d=\u00e9&x'|urlencode }} {{ {'a': 1, 'b c': 'd&e'}|urlencode }} {{ [('k', 'v w')]|urlencode }} {{ 5|urlencode }} {{ \"~-_.!*'()\"|urlencode }}",
    'a%20b/c%3Fd%3D%C3%A9%26x a=1&b+c=d%26e k=v+w 5 ~-_.%21%2A%27%28%29',
  ],
  [
    "{{ s|wordcount }} {{ \"it's a-b\"|wordcount }} {{ 'the quick brown fox jumps'|wordwrap(10) }} {{ 'abcdefghijkl'|wordwrap(5) }} {{ 'a well-known thing'|wordwrap(8) }} {{ 'abcdefgh ij'|wordwrap(4, false) }} {{ 'a b\\nc d'|wordwrap(3, wrapstring='/') }}",
    '2 4 the quick\nbrown fox\njumps abcde\nfghij\nkl a well-\nknown\nthing abcdefgh\nij a b/c d',
  ],
  ["{{ {'class': 'a', 'id': none, 'x': 1}|xmlattr }}| {{ {'a': '<'}|xmlattr(false) }}", ' class="a" x="1"| a="&lt;"'],
  [
    "{{ d|items|list }} {{ xx|items|list }} {{ d|list }} {{ 'abc'|list }} {{ range(3)|list }} {{ [3,1]|pprint }} {{ {'b': 1, 'a': 2}|pprint }}",
    "[('b', 1), ('a', 'x'), ('c', None)] [] ['b', 'a', 'c'] ['a', 'b', 'c'] [0, 1, 2] [3, 1] {'a': 2, 'b': 1}",
  ],
  [
    "{{ {1: 1, 'k': 2, none: 3, 0.5: (4,), 'a': {'z': [], 'b': {}}}|pprint }} {{ {('b', 1): 1, ('a', 2): 'x', 'c': true}|pprint }}",
    "{None: 3, 0.5: (4,), 1: 1, 'a': {'b': {}, 'z': []}, 'k': 2} {'c': True, ('a', 2): 'x', ('b', 1): 1}",
  ],
  ["{{ 'a'|e ~ '<' }} {{ 'a'|e + '<' }} {{ '<'|safe + '<' }} {{ ['<'|e] }} {{ ('<'|e)|length }}", "a< a&lt; <&lt; [Markup('&lt;')] 4"],
  [
    "{{ l|sort|first }} {{ s|upper|replace('L', '_')|trim }} {{ s|default('x')|upper }} {{ (l|length) + 1 }} {{ l|length + 1 }} {{ n * l|length }}",
    '1 HE__O WOR_D HELLO WORLD 4 4 9',
  ],
  ["{{ 'a' | upper ~ 'b' }} {{ 'x' ~ 'y'|upper }} {{ ('x' ~ 'y')|upper }} {{ not e|length }}", 'Ab xY XY True'],
  ["{{ [{'a': {'b': 2}}, {'a': {'b': 1}}]|sort(attribute='a.b')|list }}", "[{'a': {'b': 1}}, {'a': {'b': 2}}]"],
]

describe('applies filters', () => itRendersEach(examples))
