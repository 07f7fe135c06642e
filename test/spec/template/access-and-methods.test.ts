import { describe } from 'node:test'
import { itRendersEach } from './render-table.ts'

/** Expectations are what Jinja2 3.1.6 under Python 3.11 prints for the same values. */
const examples: readonly (readonly [template: string, text: string])[] = [
  [
    '{{ s[0] }} {{ s[-1] }} {{ s[1:4] }} {{ s[:3] }} {{ s[3:] }} {{ s[::2] }} {{ s[::-1] }} {{ s[-3:] }} {{ s[10:2:-2] }}',
    'h d ell hel lo world hlowrd dlrow olleh rld drwo',
  ],
  [
    '{{ l[0] }} {{ l[-1] }} {{ l[1:] }} {{ l[::-1] }} {{ l[5:] }} {{ l[-100:100] }} {{ (1,2,3)[1:] }} {{ range(10)[2:5] }} {{ range(10)[::-3]|list }}',
    '3 2 [1, 2] [2, 1, 3] [] [3, 1, 2] (2, 3) range(2, 5) [9, 6, 3, 0]',
  ],
  ["{{ l.0 }} {{ tasks.0.name }} {{ tasks[1]['gpu'] }} {{ tasks[0].tags.0 }}", '3 b 1 x'],
  [
    "{{ s.upper() }} {{ s.title() }} {{ s.capitalize() }} {{ 'aBc'.swapcase() }} {{ '\u00df'.upper() }} {{ \"they're bill's\".title() }}",
    "HELLO WORLD Hello World Hello world AbC SS They'Re Bill'S",
  ],
  [
    "{{ csv.split(',') }} {{ csv.split(',', 1) }} {{ csv.rsplit(',', 1) }} {{ ' a  b c '.split() }} {{ ' a  b c '.split(none, 1) }} {{ ' a  b c '.rsplit(none, 1) }}",
    "['a', 'b', '', 'c'] ['a', 'b,,c'] ['a,b,', 'c'] ['a', 'b', 'c'] ['a', 'b c '] [' a  b', 'c']",
  ],
  ["{{ ' x '.strip() }}|{{ ' x '.lstrip() }}|{{ ' x '.rstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'abcab'.rstrip('ab') }}", 'x|x | x|a|abc'],
  [
    "{{ 'aXbXc'.replace('X', '-') }} {{ 'aaa'.replace('a', 'b', 2) }} {{ 'ab'.replace('', '-') }} {{ 'aa'.replace('', '.', 2) }}",
    'a-b-c bba -a-b- .a.a',
  ],
  ["{{ ','.join(['a', 'b']) }} {{ '-'.join('abc') }}", 'a,b a-b-c'],
  ["{{ s.startswith('he') }} {{ s.endswith(('x', 'ld')) }} {{ s.startswith('lo', 3) }}", 'True True True'],
  [
    "{{ s.find('o') }} {{ s.rfind('o') }} {{ s.find('z') }} {{ s.index('w') }} {{ s.count('l') }} {{ s.find('o', 5) }} {{ 'aaa'.count('') }}",
    '4 7 -1 6 3 7 4',
  ],
  [
    "{{ '42'.zfill(5) }} {{ '-42'.zfill(5) }} {{ 'a'.center(5, '*') }} {{ 'ab'.center(5, '*') }} {{ 'a'.ljust(3, '.') }} {{ 'a'.rjust(3) }}",
    '00042 -0042 **a** **ab* a..   a',
  ],
  [
    "{{ 'a\\nb\\r\\nc'.splitlines() }} {{ 'a\\nb\\n'.splitlines(true) }} {{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=') }} {{ 'abc'.partition('z') }}",
    "['a', 'b', 'c'] ['a\\n', 'b\\n'] ('a', '=', 'b=c') ('a=b', '=', 'c') ('abc', '', '')",
  ],
  [
    `{{ 'ǅ'.swapcase() }} {{ 'ᾳ'.title() }} {{ 'ᾼ'.title() }} {{ 'ᾧ'.capitalize() }} {{ 'ΑΣ'.title() }} {{ 'ΑΣ'.swapcase() }} {{ "ΑΣ' Α'Σ Σ'Α".swapcase() }} {{ 'αΣ'.capitalize() }} {{ 'ΑΣ'|title }}`,
    "ǅ ᾼ ᾼ ᾯ Ας ας ας' α'ς σ'α Ας Ασ",
  ],
  [
    "{{ '123'.isdigit() }} {{ 'abc'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ 'ABC'.isupper() }} {{ 'abc'.islower() }} {{ 'Abc Def'.istitle() }} {{ ''.isdigit() }}",
    'True True True True True True True False',
  ],
  ["{{ 'ab'.removeprefix('a') }} {{ 'ab'.removesuffix('b') }} {{ 'a\\tb'.expandtabs(4) }} {{ 'a-b'.isidentifier() }}", 'b a a   b False'],
  [
    "{{ '{} {}'.format(1, 'a') }} {{ '{1}{0}'.format('a', 'b') }} {{ '{x:>5}|'.format(x=3) }} {{ '{:05.1f}'.format(2.25) }} {{ '{{}}'.format() }} {{ '{!r}'.format('a') }}",
    "1 a ba     3| 002.2 {} 'a'",
  ],
  [
    "{{ '{:,}'.format(1234567) }} {{ '{:b}'.format(5) }} {{ '{:#x}'.format(255) }} {{ '{:^7}|'.format('ab') }} {{ '{:*<5}'.format('a') }} {{ '{:%}'.format(0.25) }} {{ '{:e}'.format(1234.5) }} {{ '{:g}'.format(0.5) }} {{ '{:+d}'.format(5) }} {{ '{0[0]} {1[a]}'.format([7], {'a': 8}) }}",
    '1,234,567 101 0xff   ab   | a**** 25.000000% 1.234500e+03 0.5 +5 7 8',
  ],
  [
    "{{ '{:>{w}}'.format('a', w=4) }} {{ '{:.3}'.format('abcdef') }} {{ '{:08.3f}'.format(-3.14159) }} {{ '{:_}'.format(1000000) }} {{ '{:n}'.format(5) }} {{ '{:.2}'.format(1234.5) }} {{ '{}'.format(1.0) }} {{ '{:5}|'.format(true) }} {{ '{:x^9,.2f}'.format(1234.5) }}",
    '   a abc -003.142 1_000_000 5 1.2e+03 1.0     1| 1,234.50x',
  ],
  [
    "{{ d.get('a') }} {{ d.get('z', 5) }} {{ d.get('z') }} {{ d.get('c', 1) }} {{ d.keys()|list }} {{ d.items()|list }} {{ d.copy() }}",
    "x 5 None None ['b', 'a', 'c'] [('b', 1), ('a', 'x'), ('c', None)] {'b': 1, 'a': 'x', 'c': None}",
  ],
  ["{{ loops['items'] }} {{ loops.name }}", '[1] z'],
  [
    '{% set x = [1] %}{% set _ = x.append(2) %}{{ x }}{{ x.append(3) }}{{ x.pop() }}{{ x.insert(0, 9) }}{{ x }}{{ x.extend([5, 4]) }}{{ x.index(5) }}{{ x.count(9) }}{{ x.reverse() }}{{ x }}{{ x.sort() }}{{ x }}{{ x.remove(9) }}{{ x }}',
    '[1, 2]None3None[9, 1, 2]None31None[4, 5, 2, 1, 9]None[1, 2, 4, 5, 9]None[1, 2, 4, 5]',
  ],
  [
    "{% set x = {} %}{% set _ = x.update({'a': 1}, b=2) %}{{ x }}{{ x.pop('a') }}{{ x.setdefault('q', 1) }}{{ x }}{{ x.popitem() }}{{ x.clear() }}{{ x }}",
    "{'a': 1, 'b': 2}11{'b': 2, 'q': 1}('q', 1)None{}",
  ],
  [
    "{{ (5).bit_length() }} {{ (2.0).is_integer() }} {{ date.year }} {{ date.isoformat() }} {{ date.strftime('%d.%m.%Y') }} {{ when.hour }} {{ date.weekday() }} {{ range(3, 9).stop }}",
    '3 True 2025 2025-01-01 01.01.2025 3 2 9',
  ],
  ["{{ '\u0130'.lower()|length }} {{ '\u01c6'.upper() }} {{ 'stra\u00dfe'.casefold() }}", '2 \u01c4 strasse'],
  ["{{ 'a,b;c'.replace(',', ';').split(';') }} {{ 'a b'.split(' ')[0].upper() }}", "['a', 'b', 'c'] A"],
]

describe("finds items, attributes and Python's methods", () => itRendersEach(examples))
