import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSpec } from '../../src/spec/parse-spec.ts'
import { cutSections } from '../../src/spec/sections.ts'
import { oneTask, read } from './marked.ts'

const examples: readonly (readonly [string, readonly string[]])[] = [
  ['', []],
  ['# licence\n{% set x = 1 %}\nworkflow:\n  a: 1\n', ['workflow:\n  a: 1\n']],
  ['default-values:\n  b: 1\nworkflow:\n  a: |\n   x\n\n', ['default-values:\n  b: 1\n', 'workflow:\n  a: |\n   x\n\n']],
  ['workflow:\n  a: |\necho: x\n', ['workflow:\n  a: |\n', 'echo: x\n']],
  ['a:b\nc:\n', ['a:b\n', 'c:\n']],
  ['workflow:\n1abc: 2\n_x: 3\nfoo : 4\n', ['workflow:\n1abc: 2\n_x: 3\nfoo : 4\n']],
  ['workflow:\n  a: "\u2028b: c"\n', ['workflow:\n  a: "\u2028b: c"\n']],
]

describe('sections are cut at column 0', () => {
  for (const [text, expected] of examples) {
    it(JSON.stringify(text), () =>
      assert.deepEqual(
        cutSections(text).map((section) => section.text),
        expected,
      ),
    )
  }
})

describe('sections of a spec', () => {
  it('stand in any order, with text above the first dropped and any version', () => {
    const spec = read(
      `dropped {{ text }}\n${oneTask().replace('image: a', 'image: "{{ x }}"')}version: [anything\ndefault-values:\n  x: y\n`,
    )
    assert.equal(spec.groups[0]?.tasks[0]?.image, 'y')
  })

  it('default-values may be empty', () => assert.equal(read(`default-values:\n${oneTask()}`).name, 'nav'))

  it('a byte-order mark counts for nothing', () => {
    assert.equal(read(`\uFEFF${oneTask()}`).name, 'nav')
    const result = parseSpec('\uFEFFworkflow: 1\n', { file: 'x' })
    assert.deepEqual(result.kind === 'invalid' ? [result.diagnostics[0]?.line, result.diagnostics[0]?.column] : [], [1, 11])
  })

  it('CRLF line ends are fine', () => assert.equal(read(`on: push\n${oneTask()}`.replaceAll('\n', '\r\n')).name, 'nav'))

  it('ours are not rendered', () => {
    assert.equal(read(`concurrency: {group: "a{{b"}\n${oneTask()}`).concurrency?.group, 'a{{b')
  })
})
