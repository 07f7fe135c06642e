import { describe } from 'node:test'
import { itRendersEach } from './render-table.ts'

/** Expectations are what Jinja2 3.1.6 under Python 3.11 prints for the same values. */
const examples: readonly (readonly [template: string, text: string])[] = [
  ['{{ n }}|{{ f }}|{{ one }}|{{ t }}|{{ no }}|{{ e }}|{{ l }}|{{ d }}', "3|2.5|1.0|True|None||[3, 1, 2]|{'b': 1, 'a': 'x', 'c': None}"],
  ['{{ r }}', "{'default': {'gpu': 1, 'memory': '60Gi'}}"],
  ['{{ q }} {{ [q] }} {{ [qq] }}', "it's [\"it's\"] ['a\"b\\'c']"],
  ['{{ ["a\\nb\\t\\\\"] }}', "['a\\nb\\t\\\\']"],
  [
    '{{ date }} {{ [date] }} {{ when }} {{ [when] }}',
    '2025-01-01 [datetime.date(2025, 1, 1)] 2025-01-02 03:04:05+02:00 [datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=datetime.timezone(datetime.timedelta(seconds=7200)))]',
  ],
  ["{{ [1.0, 2, true, none, 'x', (1,), (), {}, []] }}", "[1.0, 2, True, None, 'x', (1,), (), {}, []]"],
  [
    '{{ 1e16 }} {{ 1e15 }} {{ 1e-5 }} {{ 0.0001 }} {{ 123456789.123456789 }} {{ 1e22 }} {{ 1.5e300 }} {{ 0.1+0.2 }}',
    '1e+16 1000000000000000.0 1e-05 0.0001 123456789.12345679 1e+22 1.5e+300 0.30000000000000004',
  ],
  [
    '{{ 5e-324 }} {{ 1.7976931348623157e308 }} {{ -0.0 }} {{ 100000.0 }} {{ 0.00012345 }}',
    '5e-324 1.7976931348623157e+308 -0.0 100000.0 0.00012345',
  ],
  ['{{ range(3) }} {{ range(1,5) }} {{ range(0,10,3) }} {{ range(5,0,-2) }}', 'range(0, 3) range(1, 5) range(0, 10, 3) range(5, 0, -2)'],
  [
    '{{ d.keys() }} {{ d.values() }} {{ d.items() }}',
    "dict_keys(['b', 'a', 'c']) dict_values([1, 'x', None]) dict_items([('b', 1), ('a', 'x'), ('c', None)])",
  ],
  ["{{ namespace(a=1, b='x') }}", "<Namespace {'a': 1, 'b': 'x'}>"],
  ["{{ ['\\u00e9', '\\u200b', '\\x7f', '\\U0001F600', '\\xa0'] }}", "['\u00e9', '\\u200b', '\\x7f', '\ud83d\ude00', '\\xa0']"],
  [
    '{{ emoji }} {{ [emoji] }} {{ emoji|length }} {{ emoji[1] }} {{ emoji[::-1] }}',
    "a\ud83d\ude00b ['a\ud83d\ude00b'] 3 \ud83d\ude00 b\ud83d\ude00a",
  ],
  ["{{ (1, 'a', none) }}", "(1, 'a', None)"],
  ["{{ {1: 2, 'a': [1], none: true, 1.5: 'x'} }}", "{1: 2, 'a': [1], None: True, 1.5: 'x'}"],
  ["{{ {1: 'a', 1.0: 'b', true: 'c'} }}", "{1: 'c'}"],
  ['{{ big }} {{ big * big }} {{ -big // 7 }}', '12345678901234567890 152415787532388367501905199875019052100 -1763668414462081128'],
  ['{{ true + true }} {{ true * 3 }}', '2 3'],
  ["{{ d.a }}{{ d['b'] }}{{ d.c }}", 'x1None'],
]

describe('prints values as Python does', () => itRendersEach(examples))
