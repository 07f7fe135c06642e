import { describe } from 'node:test'
import { itRendersEach } from './render-table.ts'

/** Expectations are what Jinja2 3.1.6 under Python 3.11 prints for the same values. */
const examples: readonly (readonly [template: string, text: string])[] = [
  ["{{ 1.5 is lower }}{{ 'A' is lower }}{{ 1e-7 is lower }}{{ none is upper }}", 'FalseFalseTrueFalse'],
  ["{{ 'upper' is filter }}{{ 'odd' is test }}{{ 'no' is test }}{{ 5 is test }}", 'TrueTrueFalseFalse'],
  [
    "{{ x is defined }} {{ n is defined }} {{ x is undefined }} {{ d.zz is defined }} {{ d.a is defined }} {{ d['q'] is not defined }} {{ l[9] is defined }}",
    'False True True False True True False',
  ],
  [
    '{{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ none is none }} {{ 0 is none }}',
    'True True True False True False',
  ],
  ['{{ true is boolean }} {{ 1 is boolean }} {{ true is true }} {{ 1 is true }} {{ false is false }}', 'True False True False True'],
  [
    "{{ 1 is integer }} {{ true is integer }} {{ 1.0 is integer }} {{ 1.0 is float }} {{ 1 is float }} {{ 1 is number }} {{ true is number }} {{ 'a' is number }}",
    'True False False True False True True False',
  ],
  [
    "{{ 'a' is string }} {{ 1 is string }} {{ d is mapping }} {{ l is mapping }} {{ l is sequence }} {{ 'a' is sequence }} {{ d is sequence }} {{ 5 is sequence }} {{ l is iterable }} {{ 5 is iterable }} {{ range(3) is sequence }} {{ d.keys() is sequence }}",
    'True False True False True True True False True False True False',
  ],
  ["{{ 'abc' is lower }} {{ 'Abc' is lower }} {{ 'ABC' is upper }} {{ '' is lower }}", 'True False True False'],
  [
    '{{ 1 is eq 1 }} {{ 1 is ne 2 }} {{ 1 is lt 2 }} {{ 2 is gt 1 }} {{ 1 is le 1 }} {{ 1 is ge 2 }} {{ 1 is equalto 1 }} {{ 1 is lessthan 2 }} {{ 3 is greaterthan 2 }}',
    'True True True True True False True True True',
  ],
  ["{{ 1 is in [1] }} {{ 'a' is in 'abc' }} {{ 5 is not in [1] }} {{ 'a' is in d }}", 'True True True True'],
  ['{{ none is sameas none }} {{ l is sameas l }} {{ true is sameas true }} {{ 1 is sameas true }}', 'True True True False'],
  [
    "{{ '<'|e is escaped }} {{ '<' is escaped }} {{ range is callable }} {{ 5 is callable }} {{ x is callable }}",
    'True False True False True',
  ],
  ["{{ 'upper' is filter }} {{ 'nofilter' is filter }} {{ 'odd' is test }} {{ 'notest' is test }}", 'True False True False'],
  [
    '{{ x is none }} {{ x is string }} {{ x is number }} {{ x is mapping }} {{ x is sequence }} {{ x is boolean }}',
    'False False False False False False',
  ],
  [
    "{{ n is defined and n > 2 }} {{ not x is defined }} {{ x is not defined or false }} {{ 3 is odd and 4 is even }} {{ 'a' if n is odd else 'b' }} {{ n is odd | string }}",
    'True True True True a True',
  ],
  ['{{ [x] }}', '[Undefined]'],
]

describe('applies tests', () => itRendersEach(examples))
