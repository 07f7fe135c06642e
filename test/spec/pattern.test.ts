import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePattern } from '../../src/spec/pattern.ts'

/** Pattern, text, whether Python's re.match and re.fullmatch find it. */
const examples: readonly (readonly [string, string, boolean, boolean])[] = [
  ['.*\\.txt$', 'a/b.txt', true, true],
  ['.*\\.txt$', 'b.txt.gz', false, false],
  ['models/', 'models/a.pt', true, false],
  ['models/', 'old/models/a.pt', false, false],
  ['(?P<name>a+)b\\Z', 'aab', true, true],
  ['a{,2}', 'aa', true, true],
  ['[{,2}]', '{', true, true],
  ['[]a]+', ']a', true, true],
  ['(?i)ABC', 'abc', true, true],
  ['\\d{3}', '123', true, true],
]

describe("a pattern in Python's syntax", () => {
  for (const [source, text, start, whole] of examples) {
    it(`${source} and ${text}`, () => {
      const result = compilePattern(source)
      assert.ok(result.kind === 'compiled', JSON.stringify(result))
      assert.deepEqual([result.pattern.matchesStart(text), result.pattern.matchesWhole(text)], [start, whole])
    })
  }
  for (const source of ['(', 'a**', '(?=a)', '(?<!a)b', '(a)\\1', '(?P<x>a)(?P=x)', 'a++', '[b-a]', 'x'.repeat(1001)]) {
    it(`${source.slice(0, 20)} is refused`, () => assert.equal(compilePattern(source).kind, 'refused'))
  }
})

it('runs in linear time', () => {
  const result = compilePattern('(a+)+$')
  assert.ok(result.kind === 'compiled')
  assert.equal(result.pattern.matchesWhole(`${'a'.repeat(50_000)}b`), false)
})
