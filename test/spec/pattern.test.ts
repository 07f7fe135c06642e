import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePattern } from '../../src/spec/pattern.ts'
import { diagnose, oneTask } from './marked.ts'

/** Pattern, text, whether Python's re.match and re.fullmatch find it. */
const examples: readonly (readonly [string, string, boolean, boolean])[] = [
  ['.*\\.txt$', 'a/b.txt', true, true],
  ['.*\\.txt$', 'b.txt.gz', false, false],
  ['models/', 'models/a.pt', true, false],
  ['models/', 'old/models/a.pt', false, false],
  ['(?P<name>a+)b\\Z', 'aab', true, true],
  ['a{,2}', 'aa', true, true],
  ['a{,}', 'aaa', true, true],
  ['a{01}', 'a', true, true],
  ['a{x}', 'a{x}', true, true],
  ['a{}', 'a{}', true, true],
  ['x{1001}', 'x'.repeat(1001), true, true],
  ['(?:x{2}){600}', 'x'.repeat(1200), true, true],
  ['[{,2}]', '{', true, true],
  ['[]a]+', ']a', true, true],
  ['[[:alpha:]]+', 'p]', true, true],
  ['[[:alpha:]]+', 'b]', false, false],
  ['[a&&b]+', 'a&b', true, true],
  ['[\\b]', '\b', true, true],
  ['[^\\W\\d_]+', 'é', true, true],
  ['[^\\W\\d_]', '5', false, false],
  ['[\\W\\d]+', '-5', true, true],
  ['[\\D5]+', 'a5', true, true],
  ['[\\S\\n]+', 'a\nb', true, true],
  ['(?i)ABC', 'abc', true, true],
  ['(?i)é', 'É', true, true],
  ['(?i:a)B', 'AB', true, true],
  ['(?i:a)B', 'Ab', false, false],
  ['(?ai)k[x-z]', 'KY', true, true],
  ['(?ai)k', '\u212a', false, false],
  ['(?i)k', '\u212a', true, true],
  ['\\d{3}', '123', true, true],
  ['\\w+', 'é', true, true],
  ['\\w+', '𝒜²', true, true],
  ['(?a)\\w', 'é', false, false],
  ['(?u)\\w', 'é', true, true],
  ['(?a:\\w)\\w', 'aé', true, true],
  ['\\d+', '٣', true, true],
  ['(?a)\\d', '٣', false, false],
  ['\\s', '\u00a0', true, true],
  ['\\s', '\v', true, true],
  ['(?a)\\s', '\u00a0', false, false],
  ['\\S', '\u00a0', false, false],
  ['.*\\bé', 'a é', true, true],
  ['a\\b.*', 'aé', false, false],
  ['(?a)a\\b.*', 'aé', true, true],
  ['a\\B.', 'aé', true, true],
  ['\\bé\\b.*', 'é\nü', true, false],
  ['\\B', '', false, false],
  ['a$', 'a\n', true, false],
  ['a$\\n', 'a\n', true, true],
  ['a$', 'a\n\n', false, false],
  ['a\\Z', 'a\n', false, false],
  ['(?m)a$\\n^b$', 'a\nb', true, true],
  ['.*$', 'é\nü\n', false, false],
  ['(?s).*ü$', 'é\nü\n', true, false],
  ['.', '\n', false, false],
  ['(?s-i:.)', '\n', true, true],
  ['(?#doc)(?x) .*\\.txt', 'a.txt', true, true],
  ['(?x) a b # and no more\n c', 'abc', true, true],
  ['(?x:a b)\\ c', 'ab c', true, true],
  ['(?x) a *', 'aa', true, true],
  ['\\u0041\\U00000041\\x41\\101\\0', 'AAAA\0', true, true],
  ['\\-\\/', '-/', true, true],
  ['(?P<é>a)', 'a', true, true],
  ['a|', '', true, true],
]

/** Patterns that are not taken, and what is said of them. */
const refusals: readonly (readonly [string, RegExp])[] = [
  ['(', /"\(" has no "\)"/],
  ['a)', /"\)" has no "\(".* at character 1$/],
  ['a**', /cannot be repeated without a group/],
  ['^*', /nothing to repeat.* at character 2$/],
  ['|?', /nothing to repeat/],
  ['a{3,2}', /most in \{3,2\} is below/],
  ['(?=a)', /looking ahead.* not supported here .*linear time/],
  ['a(?!b)', /looking ahead/],
  ['(?<=a)b', /looking behind/],
  ['(?<!a)b', /looking behind/],
  ['(a)\\1', /reference back to a group cannot be searched for in linear time/],
  ['(?P<x>a)(?P=x)', /reference back to a group/],
  ['(a)(?(1)b)', /conditional group/],
  ['a++', /gives nothing back/],
  ['(?>a)', /atomic group/],
  ['\\N{BULLET}', /called by its name/],
  ['[b-a]', /range in a class/],
  ['[\\w-z]', /range in a class/],
  ['[a', /"\]" that closes the class/],
  ['\\pL', /knows no escape \\p/],
  ['\\Qa\\E', /knows no escape \\Q/],
  ['\\x{41}', /\\x needs 2 hexadecimal digits/],
  ['\\', /it ends/],
  ['(?U)a*', /knows no flag "U"/],
  ['(?L)a', /only for bytes/],
  ['a(?i)b', /must stand at its start/],
  ['a|(?i)b', /must stand at its start/],
  ['(?i-m)a', /":" was expected behind the flags/],
  ['(?au)a', /exclude each other/],
  ['(?a)(?u)a', /exclude each other/],
  ['(?-a:a)', /cannot be turned off/],
  ['(?i-i:a)', /turned on and off/],
  ['(?P<1>a)', /"1" cannot be the name/],
  ['(?P<a>a)(?P<a>a)', /second group has the name "a"/],
  ['(?<n>a)', /\(\?P<name>…\)/],
  ['(?a:\\b)\\b', /with the flag a and without it/],
  ['(?m:$)\\n$', /with the flag m and without it/],
]

/** Patterns that are right and too large. */
const large: readonly string[] = [
  'x'.repeat(1001),
  'x{5001}',
  '((a{50}){50}){50}',
  '(?:){4294967294}',
  '\\w'.repeat(100),
  `a{${'9'.repeat(400)}}`,
]

describe("a pattern in Python's syntax", () => {
  for (const [source, text, start, whole] of examples) {
    it(`${source} and ${JSON.stringify(text.slice(0, 20))}`, () => {
      const result = compilePattern(source)
      assert.ok(result.kind === 'compiled', JSON.stringify(result))
      assert.deepEqual([result.pattern.matchesStart(text), result.pattern.matchesWhole(text)], [start, whole])
    })
  }
  for (const [source, reason] of refusals) {
    it(`${source} is refused`, () => {
      const result = compilePattern(source)
      assert.ok(result.kind === 'refused' && result.code === 'semantic/regex', JSON.stringify(result))
      assert.match(result.reason, reason)
    })
  }
  for (const source of large) {
    it(`${source.slice(0, 20)} (${source.length}) is too large`, () => {
      const result = compilePattern(source)
      assert.equal(result.kind === 'refused' && result.code, 'limit/regex')
    })
  }
})

it('runs in linear time', () => {
  const result = compilePattern('(a+)+$')
  assert.ok(result.kind === 'compiled')
  assert.equal(result.pattern.matchesWhole(`${'a'.repeat(50_000)}b`), false)
})

it('groups within each other as deep as a pattern can be', () => {
  const result = compilePattern(`${'('.repeat(332)}a${')*'.repeat(332)}`)
  assert.ok(result.kind === 'compiled')
  assert.equal(result.pattern.matchesWhole('aaa'), true)
})

describe('the patterns of one file', () => {
  const file = (patterns: readonly string[]) =>
    oneTask(`inputs: [${patterns.map((regex) => `{url: s3://a/b, regex: "${regex}"}`).join(', ')}]`)

  it('have a bound together, said at the first pattern beyond it', () => {
    const faults = diagnose(file(Array.from({ length: 100 }, (_, index) => `(a|b){1,${1000 - index}}x*`)))
    assert.deepEqual([...new Set(faults.map(({ code }) => code))], ['limit/regex'])
    assert.ok(faults.length > 0 && faults.length < 60, String(faults.length))
  })

  it('count once if they are the same', () => {
    assert.deepEqual(diagnose(file(Array.from({ length: 100 }, () => '(a|b){1,1000}x*'))), [])
  })
})
