import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultLimits } from '../../../src/spec/template/limits.ts'
import { renderTemplate } from '../../../src/spec/template/render.ts'

/** A twentieth of what a template gets, and texts a tenth as long as the longest. */
const limits = { ...defaultLimits, steps: defaultLimits.steps / 20 }
const textLength = 400_000
const values = {
  a: 'a'.repeat(textLength),
  same: 'a'.repeat(textLength),
  words: 'a '.repeat(textLength / 2),
  wide: '\u0100 '.repeat(textLength / 2),
  digits: '1'.repeat(textLength),
  percents: '%%'.repeat(textLength / 2),
  braces: '{{'.repeat(textLength / 2),
  digits4300: '1'.repeat(4300),
  letters4300: 'z'.repeat(4300),
  n: 3n ** 9000n,
  m: 7n ** 5000n,
  list: Array.from({ length: 20_000 }, (_, index) => index),
  table: Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, index])),
}

/** Expressions that touch one text of 400 000 characters, a list or a dict of 20 000 entries: each may be repeated 24 times at most. */
const onLarge: readonly string[] = [
  ...[
    'upper',
    'lower',
    'capitalize',
    'title',
    'trim',
    'center(9)',
    'wordcount',
    'truncate(9)',
    'wordwrap',
    'indent',
    'escape',
    'forceescape',
  ].map((filter) => `a|${filter}`),
  ...[
    'striptags',
    'urlencode',
    'tojson',
    'int',
    'float',
    'reverse',
    'list',
    'replace("b", "c")',
    'replace("", "b")',
    'string',
    'safe|upper',
  ].map((filter) => `words|${filter}`),
  ...['length', 'first', 'last', 'reverse', 'wordcount', 'title'].map((filter) => `wide|${filter}`),
  ...[
    'upper',
    'lower',
    'casefold',
    'title',
    'capitalize',
    'swapcase',
    'strip',
    'lstrip',
    'rstrip',
    'expandtabs',
    'split',
    'rsplit',
    'splitlines',
  ].map((name) => `words.${name}()`),
  ...[
    'isdigit',
    'isalpha',
    'isalnum',
    'isspace',
    'isascii',
    'isidentifier',
    'isprintable',
    'isupper',
    'islower',
    'istitle',
    'isnumeric',
  ].map((name) => `a.${name}()`),
  ...['find("ab")', 'rfind("ab")', 'find("b", 1)', 'index("a", 5)', 'count("ab")', 'count("")', 'partition("b")', 'rpartition("b")'].map(
    (call) => `a.${call}`,
  ),
  ...[
    'center(9)',
    'ljust(400001)',
    'zfill(9)',
    'replace("ab", "b")',
    'startswith(same)',
    'endswith(same)',
    'removeprefix("b")',
    'split("b")',
  ].map((call) => `a.${call}`),
  'words.rsplit(none, 100000)',
  'a.join(["x", "y"])',
  '"aab" in a',
  '"baaaaaaaa" in a',
  'a == same',
  'a != same',
  'a < same',
  'a is eq(same)',
  'a is in([same])',
  'a is sameas(same)',
  'a is lower',
  'a is upper',
  '[a, same]|sort',
  '[a, same]|unique|list',
  '[a, same]|max',
  '[a, same]|join',
  '[a, same]|groupby(0)',
  '{a: 1}',
  '{}[a] is defined',
  '{}.get(a)',
  'a[1:]',
  'a[::-1]',
  'a ~ "b"',
  'a + "b"',
  'a * 1',
  'percents % ()',
  'percents|format',
  'braces.format()',
  '"%s" % a',
  '"%r" % a',
  '"{!r}".format(a)',
  'digits|int',
  'digits|float',
  '5 in [a, list][1] and 19999 in list',
  'list.index(19999)',
  'list.count(5)',
  'list == list[:]',
  'list[::2]',
  'list + [1]',
  'list|sum',
  'list|max',
  'list|join',
  'list|map("string")|list',
  'list|select("odd")|list',
  'list|batch(2)|list',
  'list|reverse|list',
  'list|string',
  'list|tojson',
  'table|dictsort',
  'table|items|list',
  'table.copy()',
  'table.update(table)',
  'dict(**table)',
  'table|list',
  'table|string',
]

/** On integers of 14 000 bits, and floats with all their digits: 500 times at most. */
const onNumbers: readonly string[] = [
  'n|string',
  'n % 1000003',
  'n * 3 % 7',
  'n // m',
  'n / m',
  'n + m',
  'n - m',
  '3 ** 9000',
  '"%d" % n',
  '"%x" % n',
  '"{:,}".format(n)',
  'n|tojson',
  '[n]|string',
  '{n: 1}',
  'n|abs',
  'n|round(-400)',
  'n is odd',
  'n is divisibleby(m)',
  'n.bit_length()',
  'n.bit_count()',
  'range(n, n + 5)|string',
  'digits4300|int',
  'letters4300|int(0, 36)',
  '"%.1100f" % 1e300',
  '"{:.1100f}".format(1e300)',
]

/** Whether the repetition ends at a limit. */
function endsAtLimit(expression: string, times: number): boolean {
  const template = `{% for i in range(${times}) %}{% set _ = ${expression} %}{% endfor %}`
  const result = renderTemplate(template, values, limits)
  const code = result.kind === 'failed' ? result.faults[0]?.code : 'rendered'
  assert.ok(code === 'rendered' || code === 'limit/template-steps' || code === 'limit/template-memory', code)
  return code !== 'rendered'
}

describe('an operation is paid for by what it touches', () => {
  for (const expression of onLarge) it(expression, () => assert.ok(endsAtLimit(expression, 25)))
  for (const expression of onNumbers) it(expression, () => assert.ok(endsAtLimit(expression, 501)))
})

describe('what costs no more for a long text is not paid for by its length', () => {
  for (const expression of ['a|default("")', 'a is defined', 'a is string', 'a is none', '[a]|length', 'a if a else ""'])
    it(expression, () => assert.ok(!endsAtLimit(expression, 1_000)))
})

it('a tuple of 2^100 leaves is no key', () => {
  const template =
    '{% set ns = namespace(t=1) %}{% for i in range(100) %}{% set ns.t = (ns.t, ns.t) %}{% endfor %}{{ {}[ns.t] is defined }}'
  const result = renderTemplate(template, {})
  assert.equal(result.kind === 'failed' && result.faults[0]?.code, 'limit/template-steps')
})
