import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createReporter } from '../../src/spec/reporter.ts'
import type { TemplateValue } from '../../src/spec/types.ts'
import { loadCoreYaml } from '../../src/spec/yaml/core.ts'
import { toDocument, toPlainJson, toTemplateValue } from '../../src/spec/yaml/plain-data.ts'
import { loadPyYaml } from '../../src/spec/yaml/pyyaml.ts'

function load(text: string, loader = loadPyYaml): TemplateValue | 'refused' {
  const reporter = createReporter('x.yaml', text)
  const node = loader(text, (start, end) => ({ start, end }), reporter)
  return node === undefined || reporter.hasErrors() ? 'refused' : toTemplateValue(node)
}

// Each right side is what PyYAML 6's safe loader gives.
const scalars: readonly (readonly [string, TemplateValue | 'refused'])[] = [
  ['Y', 'Y'],
  ['n', 'n'],
  ['yes', true],
  ['Off', false],
  ['tRUE', 'tRUE'],
  ['1e-4', '1e-4'],
  ['1.0e-4', { float: 1e-4 }],
  ['1.0e4', '1.0e4'],
  ['1.0e+4', { float: 1e4 }],
  ['.5', { float: 0.5 }],
  ['-.5', '-.5'],
  ['+1.', { float: 1 }],
  ['1_0.5', { float: 10.5 }],
  ['22.10', { float: 22.1 }],
  ['.inf', { float: Number.POSITIVE_INFINITY }],
  ['-.INF', { float: Number.NEGATIVE_INFINITY }],
  ['010', 8],
  ['-010', -8],
  ['08', '08'],
  ['0o17', '0o17'],
  ['0x1F', 31],
  ['0b1_1', 3],
  ['0b_', 'refused'],
  ['1:30', 90],
  ['1:30.5', { float: 90.5 }],
  ['1:60', '1:60'],
  ['1_000', 1000],
  ['9007199254740993', 9007199254740993n],
  ['~', null],
  ['Null', null],
  ['nULL', 'nULL'],
  ['2025-01-01', { date: '2025-01-01' }],
  ['2025-1-1', '2025-1-1'],
  ['2025-02-30', 'refused'],
  ['2025-01-01 10:00:00', { datetime: '2025-01-01T10:00:00' }],
  ['2025-1-1t1:02:03.5 +2', { datetime: '2025-01-01T01:02:03.500000+02:00' }],
  ['=', 'refused'],
  ['<<', 'refused'],
  ['"="', '='],
  ['!!str 12', '12'],
  ['!!int 12', 12],
  ['!!bool 12', 'refused'],
  ['!!bool "oN"', true],
  ['!!int "5"', 5],
  ['!!int 0o17', 15],
  ['!!int "+0x_1f"', 31],
  ['!!int 1:30', 90],
  ['!!int 5.0', 'refused'],
  ['!!int ""', 'refused'],
  ['!!float 3', { float: 3 }],
  ['!!float "1e-4"', { float: 1e-4 }],
  ['!!float nan', { float: Number.NaN }],
  ['!!float x', 'refused'],
  ['!!null text', null],
  ['!!str', ''],
  ['!!timestamp 2025-1-1', { date: '2025-01-01' }],
  ['!!timestamp soon', 'refused'],
  ['!!binary aGVs bG8=', 'hello'],
  ['!!binary /w==', 'refused'],
  ['!!binary abc', 'refused'],
  ['!!set a', 'refused'],
  ['!!map a', 'refused'],
  ['! 12', 12],
  ['! "012"', 10],
  ['190:20:30.15', { float: 685230.15 }],
  ['!x 12', 'refused'],
  ['"010"', '010'],
  ["'it''s'", "it's"],
  ['"\\x41\\u0042"', 'AB'],
  ['a:b', 'a:b'],
  ['http://x:80/y', 'http://x:80/y'],
  ['a # comment', 'a'],
  ['%a', 'refused'],
  ['@a', 'refused'],
]

describe('scalars as PyYAML reads them', () => {
  for (const [text, expected] of scalars) {
    it(`${text} is ${String(JSON.stringify(expected, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)))}`, () => {
      assert.deepEqual(load(`a: ${text}\n`), expected === 'refused' ? 'refused' : new Map([['a', expected]]))
    })
  }
})

const documents: readonly (readonly [string, unknown])[] = [
  ['a: 1\rb: 2\n', { a: 1, b: 2 }],
  ['a: 1\u0085b: 2\n', { a: 1, b: 2 }],
  ['a: "x\r  y"\n', { a: 'x y' }],
  ['a: |\n  x\u0085  y\r\n', { a: 'x\ny\n' }],
  ['a: &x-y_1 1\nb: *x-y_1\n', { a: 1, b: 1 }],
  ['a: &x.y 1\n', 'refused'],
  ['a: !!seq {}\n', 'refused'],
  ['a: !!map []\n', 'refused'],
  ['a: !!timestamp "2025-01-01"\n', { a: '2025-01-01' }],
  ['a: !!set {x, y}\n', 'refused'],
  [
    'a: !!omap [b: 1, c: [2]]\n',
    {
      a: [
        ['b', 1],
        ['c', [2]],
      ],
    },
  ],
  [
    'a: !!pairs\n- b: 1\n- b: 2\n',
    {
      a: [
        ['b', 1],
        ['b', 2],
      ],
    },
  ],
  ['a: !!omap [b]\n', 'refused'],
  ['a: !!omap [{b: 1, c: 2}]\n', 'refused'],
  ['a: !!omap {b: 1}\n', 'refused'],
  ['a: !!seq [1]\nb: !!map {c: d}\ne: ! [2]\n', { a: [1], b: { c: 'd' }, e: [2] }],
  ['!!str 1: a\n', { '1': 'a' }],
  ['a: !!t!x 1\n', 'refused'],
  // U+2028 and U+2029 end a line, and stay in the text that they stand in.
  ['a: 1\u2028b: 2\n# c\u2029d: 3\n', { a: 1, b: 2, d: 3 }],
  ['a: x\u2028  y\n  z\n', { a: 'x\u2028y z' }],
  ['a: x\n\u2029  y\n', { a: 'x\u2029y' }],
  ["a: 'x \u2028\n  it''s'\n", { a: "x\u2028\nit's" }],
  ['a: "x\u2028 \\u0041\\\u2028\u2029 b\\L"\n', { a: 'x\u2028A\u2029b\u2028' }],
  ['a: |\n  x\u2028  y\u2029  z\n', { a: 'x\u2028y\u2029z\n' }],
  ['a: >\n  w\n  x\u2028  y\n  z\n\n  t\u2029\n', { a: 'w x\u2028y z\nt\u2029' }],
  ['a: >+\n  x\n   y\n  z\u2028\u2028\n', { a: 'x\n y\nz\u2028\u2028\n' }],
  ['a: "x\\\n \r\n y"\r\n', { a: 'x\ny' }],
  ['a: "x\\\n\n y\\\n z"\n', { a: 'x\nyz' }],
  ['a: |\n  x\n   ', { a: 'x\n ' }],
  ['a: |\n  x\n  ', { a: 'x\n' }],
  ['a: [python3, -, x]\nb: [-, x]\n', { a: ['python3', '-', 'x'], b: ['-', 'x'] }],
  ['a: [cat, -]\nb: [-, -x]\nc: {d: -}\n', { a: ['cat', '-'], b: ['-', '-x'], c: { d: '-' } }],
  ['a: [- , b]\n', 'refused'],
  ['a:\n  b\n   : c\n', 'refused'],
  ['a:\n  b:\n |\n   c\n', 'refused'],
  ['a: "b"#c\nd: [e]#f\n', { a: 'b', d: ['e'] }],
  ['a: |#c\n  x\n', 'refused'],
  ['a: {b\n  c: d}\n', 'refused'],
  ['a: {b\n  : d}\n', 'refused'],
  ['a: {"b\n  c": d}\n', 'refused'],
  ['a: {? b\n  c : d, e\n  f, g:\n  h}\n', { a: { 'b c': 'd', 'e f': null, g: 'h' } }],
  [`a: {${'b'.repeat(1024)}: c}\n`, { a: { ['b'.repeat(1024)]: 'c' } }],
  [`a: {${'b'.repeat(1025)}: c}\n`, 'refused'],
  [`a: {? ${'b'.repeat(1025)} : c}\n`, { a: { ['b'.repeat(1025)]: 'c' } }],
  ['a: [http://x?y]\n', 'refused'],
  ['a: ["http://x?y"]\nb: http://x?y\n', { a: ['http://x?y'], b: 'http://x?y' }],
  ['a: [:b]\n', 'refused'],
  ['a:\n  b:\n  |\n   x\n  c:\n    - d:\n      >-\n       y\n       z\n', { a: { b: 'x\n', c: [{ d: 'y z' }] } }],
  ['? \n: b\n', { null: 'b' }],
  ['a:\n  ?\n  : b\n', { a: { null: 'b' } }],
  ['1.0: a\n', { '1.0': 'a' }],
  ['', null],
  ['a: 1\na: 2\n', { a: 2 }],
  ['1: a\n1.0: b\ntrue: c\n"1": d\n', { 1: 'd' }],
  ['x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x}\n', { x: { a: 1, b: 2 }, y: { a: 1, b: 3 } }],
  ['x: &x {a: 1}\nz: &z {a: 2, c: 3}\ny: {<<: [*x, *z]}\n', { x: { a: 1 }, z: { a: 2, c: 3 }, y: { a: 1, c: 3 } }],
  ['a: |2-\n\n  x\n', { a: '\nx' }],
  ['a: |\n  x\n  y', { a: 'x\ny' }],
  ['a: |+\n  x\n\n', { a: 'x\n\n' }],
  ['a: >\n  x\n  y\n\n  z\n', { a: 'x y\nz\n' }],
  ['a:\n- 1\n-   2\n', { a: [1, 2] }],
  ['a: "one\ntwo"\n', { a: 'one two' }],
  ['a:\n  b: ["one\n\ntwo",\n3,\n]\n', { a: { b: ['one\ntwo', 3] } }],
  ['a: {"b":1, c, d: }\n', { a: { b: 1, c: null, d: null } }],
  ["a: {'gpu': 1, 'memory': '60Gi'}\n", { a: { gpu: 1, memory: '60Gi' } }],
  ['a: b\n---\nc: d\n', 'refused'],
  ['a:\tb\n', 'refused'],
  ['a: b\t# c\n', 'refused'],
  ['a: "b\tc"\nd: |\n  \te\n# \t\n', { a: 'b\tc', d: '\te\n' }],
  ['a: &x 1\nb: &x 2\n', 'refused'],
  ['a: *x\n', 'refused'],
  ['{a: b: c}\n', 'refused'],
  ['? [a]\n: b\n', 'refused'],
  ['a: [!!str]\n', 'refused'],
  ['a: [!!str, b]\n', 'refused'],
  ['a: {b: !!str}\n', 'refused'],
  ['a: [!!str , !!int 5]\n', { a: ['', 5] }],
  ['a: !e!x y\n', 'refused'],
  ['a: [&x[b]]\n', 'refused'],
  ['a: {&x\n  b: c}\n', 'refused'],
  ['? !!str\n: 2\n', { '': 2 }],
  ['a: |2\n    \n\n', { a: '  \n' }],
  ['a: |2-\n   \n   \n\nb: c\n', { a: ' \n ', b: 'c' }],
  ['a:\n  b: >2+\n      \n  \n', { a: { b: '  \n\n' } }],
  ["a:\n- 'it''\n- 'it''s'\n", 'refused'],
  ["a: 'it''\nb: c\n", 'refused'],
  ['a: "it\\"\nb: c\n', 'refused'],
  ["a: 'it''\nb'\n", { a: "it' b" }],
  ["a: ''''\nb: '\\'\nc: ''\n", { a: "'", b: '\\', c: '' }],
  ['a: |\n    \n  b\n', 'refused'],
  ['a: >1\n   b\n\n   \n', { a: '  b\n\n  \n' }],
  ['a: |2-\n   \n   b\n    \n', { a: ' \n b\n  ' }],
  ['a:\n  b: >1\n    c\n     ', { a: { b: ' c\n  ' } }],
  ['a: |\t\n  b\n', 'refused'],
  ['a: |2\n    b\nc\td: e\n', 'refused'],
  ['a: |\n b\tc\nd: e\n', { a: 'b\tc\n', d: 'e' }],
  ['&x <<: {a: &x 1}\n', 'refused'],
  ['a: "b\n\tc"\n', { a: 'b c' }],
  ['? a\n : b\n', 'refused'],
  ['x: y\n? e\n- a: b\n', 'refused'],
  ['? a\n: - b\n  - c\n', { a: ['b', 'c'] }],
  ['a: b\n...\n...\n', { a: 'b' }],
  ['a: b\n---\n', 'refused'],
  [`${'💥'.repeat(1024)}: a\n`, { ['💥'.repeat(1024)]: 'a' }],
  [`${'💥'.repeat(1025)}: a\n`, 'refused'],
  ['a: {!!merge x: {b: 1}, ! <<: {c: 2}}\n', { a: { b: 1, c: 2 } }],
  ['a: {!!value x: 1, =: 2}\n', { a: { x: 1, '=': 2 } }],
  ['a: !!omap [[b]: 1]\n', { a: [[['b'], 1]] }],
  ['a: !!omap [<<: {b: 1}]\n', 'refused'],
  ['a: !!binary aGVsbG8=x\nb: !!binary a=GVs\n', { a: 'hello', b: 'hel' }],
  ['2025-01-01 1:00:00: a\n2025-1-1 01:00:00: b\n', { '2025-01-01T01:00:00': 'b' }],
  ['__proto__: {a: 1}\n', JSON.parse('{"__proto__": {"a": 1}}')],
]

describe('documents as PyYAML loads them', () => {
  for (const [text, expected] of documents) {
    it(JSON.stringify(text), () => {
      const loaded = load(text)
      assert.deepEqual(loaded === 'refused' ? loaded : toPlainJson(loaded), expected)
    })
  }
})

describe('YAML 1.2 core for what is ours', () => {
  const core: readonly (readonly [string, unknown])[] = [
    ['on: yes\n', { on: 'yes' }],
    ['a: 1.10\n', { a: 1.1 }],
    ['a: 010\n', { a: 10 }],
    ['a: 0o10\n', { a: 8 }],
    ['a: 1e3\n', { a: 1000 }],
    ['a: 2025-01-01\n', { a: '2025-01-01' }],
    ['a: 1\na: 2\n', 'refused'],
    ['a: &x {b: 1}\nc: {<<: *x}\n', { a: { b: 1 }, c: { '<<': { b: 1 } } }],
    ['a:\tb\n', { a: 'b' }],
  ]
  for (const [text, expected] of core) {
    it(JSON.stringify(text), () => {
      const loaded = load(text, loadCoreYaml)
      assert.deepEqual(loaded === 'refused' ? loaded : toPlainJson(loaded), expected)
    })
  }
})

it('a stored document keeps what the numbers of JSON cannot tell', () => {
  const text = 'a: 1.0\nb: 1\nc: 9007199254740993\nd: 1.5\ne: .nan\nf: 2025-01-01\n'
  const node = loadPyYaml(text, (start, end) => ({ start, end }), createReporter('x', text))
  assert.ok(node)
  assert.deepEqual(JSON.parse(JSON.stringify(toDocument(node))), {
    a: { float: '1.0' },
    b: 1,
    c: { integer: '9007199254740993' },
    d: 1.5,
    e: { float: '.nan' },
    f: '2025-01-01',
  })
})
