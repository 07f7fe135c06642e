import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { renderTemplate } from '../../../src/spec/template/render.ts'

const twice = (variable: string) =>
  `{% set ns = namespace(x=${variable}) %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}`
const nested = '{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}'

const doubled = (expression: string) =>
  `{% set ns = namespace(l=[]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ${expression} }}`

const examples: readonly (readonly [name: string, template: string, code: string])[] = [
  [
    '10^15 iterations',
    '{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}',
    'limit/template-steps',
  ],
  ['a list that grows while it is read', '{% set l = [1] %}{% for i in l %}{% set _ = l.append(i) %}{% endfor %}', 'limit/template-steps'],
  [
    'a billion laughs',
    '{% set ns = namespace(l=["lol"]) %}{% for i in range(30) %}{% set ns.l = [ns.l, ns.l, ns.l] %}{% endfor %}{{ ns.l }}',
    'limit/template-memory',
  ],
  [
    'equal trees of 2^100 leaves',
    '{% set ns = namespace(t=1, u=1) %}{% for i in range(100) %}{% set ns.t = (ns.t, ns.t) %}{% set ns.u = (ns.u, ns.u) %}{% endfor %}{{ ns.t == ns.u }}',
    'limit/template-steps',
  ],
  ['lists of lists printed', doubled('ns.l'), 'limit/template-memory'],
  ['lists of lists made text', doubled('ns.l|string|length'), 'limit/template-memory'],
  ['lists of lists as JSON', doubled('ns.l|tojson'), 'limit/template-memory'],
  ['lists of lists as JSON in lines', doubled('ns.l|tojson(2)'), 'limit/template-memory'],
  ['JSON with a huge indentation', "{{ [[[[1]]]]|tojson('a' * 4000000) }}", 'limit/template-memory'],
  ['lists of lists printed prettily', doubled('ns.l|pprint|length'), 'template/unsupported'],
  ['a list inside itself printed prettily', '{% set l = [] %}{% set _ = l.append(l) %}{{ l|pprint }}', 'template/unsupported'],
  ['slow search', "{% set s = 'a' * 4000000 %}{% set p = 'a' * 2000000 ~ 'b' %}{% if p in s %}{% endif %}", 'limit/template-steps'],
  [
    'many replacements',
    "{% set s = 'ab' * 2000000 %}{% for i in range(60) %}{% set t = s | replace('a', 'b') %}{% endfor %}",
    'limit/template-steps',
  ],
  [
    'many places counted',
    "{% set s = 'ab' * 2000000 %}{% for i in range(400) %}{% set n = s.count('ab') %}{% endfor %}",
    'limit/template-steps',
  ],
  ['a huge range', '{{ range(10**9) }}', 'template/value'],
  ['a huge text', "{{ 'a' * 10**9 }}", 'limit/template-memory'],
  ['a huge list', '{{ [0] * 10**9 }}', 'limit/template-memory'],
  ['a text doubled', twice("'a'"), 'limit/template-memory'],
  ['a huge replacement', "{{ ('a' * 4000000).replace('a', 'b' * 4000000) }}", 'limit/template-memory'],
  [
    'many large texts',
    "{% set s = 'a' * 4000000 %}{% for i in range(99999) %}{% set t = s.upper() %}{% endfor %}",
    'limit/template-memory',
  ],
  ['a wide format', "{{ '{:>999999999}'.format(1) }}", 'limit/template-memory'],
  ['a wide percent format', "{{ '%999999999d' % 1 }}", 'limit/template-memory'],
  ['a precise percent format', "{{ '%.999999999f' % 1 }}", 'template/value'],
  ['a wide center', "{{ 'a'|center(10**30) }}", 'limit/template-memory'],
  ['a huge batch', '{{ [1]|batch(10**9, 0)|list }}', 'limit/template-memory'],
  ['a huge power', '{{ 2 ** 100000 }}', 'limit/template-integer'],
  [
    'squares of squares',
    '{% set ns = namespace(x=10) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}',
    'limit/template-integer',
  ],
  ['a literal of 500000 digits', `{{ ${'1'.repeat(500_000)} }}`, 'limit/template-integer'],
  ['much output', "{% for i in range(99999) %}{{ 'a' * 1000 }}{% endfor %}", 'limit/template-output'],
  ['10^5 parentheses', `{{ ${'('.repeat(1e5)}1${')'.repeat(1e5)} }}`, 'limit/template-depth'],
  ['10^5 open brackets', `{{ ${'['.repeat(1e5)} }}`, 'limit/template-depth'],
  ['10^5 braces', '{'.repeat(1e5), 'limit/template-depth'],
  ['10^5 signs', `{{ ${'-'.repeat(1e5)}1 }}`, 'limit/template-depth'],
  ['10^5 times not', `{{ ${'not '.repeat(1e5)}1 }}`, 'limit/template-depth'],
  ['10^5 additions', `{{ 1${'+1'.repeat(1e5)} }}`, 'limit/template-depth'],
  ['10^5 attributes', `{{ a${'.b'.repeat(1e5)} }}`, 'limit/template-depth'],
  ['10^5 filters', `{{ 'a'${'|upper'.repeat(1e5)} }}`, 'limit/template-depth'],
  ['10^5 blocks', '{% if 1 %}'.repeat(1e5), 'limit/template-depth'],
  ['a macro that calls itself', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', 'limit/template-depth'],
  [
    'a loop that calls itself',
    '{% set l = [] %}{% set _ = l.append(l) %}{% for i in l recursive %}{{ loop(i) }}{% endfor %}',
    'limit/template-depth',
  ],
  ['a nested list', nested, 'limit/template-depth'],
  [
    'lists that hold each other, compared',
    '{% set a = [] %}{% set b = [] %}{% set _ = a.append(b) %}{% set _ = b.append(a) %}{{ a == b }}',
    'limit/template-depth',
  ],
  [
    'nested generators',
    "{% set ns = namespace(g=[1]) %}{% for i in range(20000) %}{% set ns.g = ns.g|map('string') %}{% endfor %}{{ ns.g|list }}",
    'limit/template-depth',
  ],
  ['5 MiB of source', 'x'.repeat(5 * 1024 * 1024), 'limit/template-source'],
  ['many arguments', '{{ dict(*range(99999)) }}', 'template/value'],
]

describe('hostile templates end at a counted limit', () => {
  for (const [name, template, code] of examples) {
    it(name, () => {
      const result = renderTemplate(template, {})
      assert.equal(result.kind === 'failed' ? result.faults[0]?.code : 'rendered', code)
    })
  }
})

/** Quadratic in a naive lexer; each must be over at once, whatever it gives. */
const linear: readonly (readonly [name: string, template: string])[] = [
  ['escaped quotes', `{{ ${"'\\".repeat(500_000)}`],
  ['raw openings', '{% raw %}{{'.repeat(50_000)],
  ['raw blocks', '{% raw %}{% endraw %}'.repeat(50_000)],
  ['comment openings', '{#'.repeat(500_000)],
  ['tag openings', '{%'.repeat(200_000)],
  ['host openings', '{{host:'.repeat(100_000)],
  ['blanks before tags', `${' '.repeat(1000)}{{-`.repeat(1000)],
  ['digits and underscores', `{{ ${'1_'.repeat(200_000)} }}`],
  ['digits that are no number', "{{ ('1' * 400000 ~ 'x')|float }}"],
  ['many words from the end', "{{ ('\u0100 ' * 200000).rsplit(none, 100000)|length }}"],
  ['tags of markup', "{{ ('<!--' * 500000)|striptags|length }}"],
]

describe('long templates take time by their length', () => {
  for (const [name, template] of linear) it(name, () => assert.ok(renderTemplate(template, {}).kind))
})

describe('texts of trees of lists need little more memory than their characters', () => {
  const program = `
    import(${JSON.stringify(new URL('../../../src/spec/template/render.ts', import.meta.url).href)}).then(({ renderTemplate }) => {
      const result = renderTemplate(require('node:worker_threads').workerData, {})
      require('node:worker_threads').parentPort.postMessage(result.kind)
    })`
  for (const expression of ['ns.l', 'ns.l|string|length', 'ns.l|tojson', 'ns.l|tojson(2)', 'ns.l|pprint|length', 'ns.l|join'])
    it(expression, async () => {
      const resourceLimits = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 16 }
      const worker = new Worker(program, { eval: true, workerData: doubled(expression), resourceLimits })
      const [kind] = await once(worker, 'message')
      assert.equal(kind, 'failed')
      await worker.terminate()
    })
})

describe('a list inside itself', () => {
  it('prints as in Python', () => {
    const result = renderTemplate('{% set l = [] %}{% set _ = l.append(l) %}{{ l }}', {})
    assert.equal(result.kind === 'rendered' && result.text, '[[...]]')
  })
})
