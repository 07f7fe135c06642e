import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { benchmarkFormats as read } from '../../src/benchmark/formats/parse.ts'
import { benchmarkFormats } from '../../src/spec/git/benchmarks-shape.ts'
import { diagnose, oneTask, placeOf, unmark } from './marked.ts'

/** A spec with one mistake in `second`, between lines that are right. */
const among = (lines: string) => `workflow:
  name: train
  tasks:
  - name: first
    image: ubuntu:24.04
    command: ["bash", "-c"]
    args:
    - |
      echo "hello"
${lines}
    environment:
      C: "3"
  {% for i in range(2) %}
  - name: third_{{ i }}
    image: ubuntu:24.04
    command: [a, "b"]
  {% endfor %}
`
const second = (lines: string) => among(`  - name: second\n    image: b\n${lines}`)

/** One mistake, one fault: at the place where a person made it, and with what to do. */
const mistakes: readonly (readonly [name: string, marked: string, message: RegExp])[] = [
  [
    'a quote that nothing closes',
    second("    command: [a]\n    resource: «'»x").replaceAll("'hello'", 'hello'),
    /Expected a closing ' on this line/,
  ],
  ['a quote that the next quote closes', second('    resource: «"»x\n    command: ["bash", "-c"]'), /Expected a closing " on this line/],
  [
    'a quote that two quotes do not close',
    second("    command: [a]\n    resource: «'»it''").replaceAll("'hello'", 'hello'),
    /Expected a closing ' on this line/,
  ],
  [
    'an empty line with too many blanks',
    second('    command: [a]\n    args:\n    - |\n          \n      «e»cho'),
    /Remove the blanks from the empty lines/,
  ],
  ['a list that nothing closes', second('    command: «[»"bash", "-c"\n    args:\n    - |\n      x'), /Expected "\]" for the "\["/],
  ['a mapping that nothing closes', second('    exitActions: «{»FAIL: 1\n    command: [a, "b"]'), /Expected "}" for the "{"/],
  ['a list that the next list closes', second('    args: «[»a, b\n    command: [a]'), /Expected "\]" for the "\["/],
  ['a bracket open at the end of a section', `on:\n  push: «{»branches: [main\n${oneTask()}`, /Expected "}" for the "{" that opens here/],
  ['a list open at the end of the defaults', `default-values:\n  a: «[»1\n${oneTask()}`, /Expected "\]" for the "\["/],
  ['a key deeper than the one before it', `default-values:\n  a: 1\n   «b»: 2\n${oneTask()}`, /Expected this line in the column/],
  ['an input with nothing behind its key', oneTask('inputs: [{task: «»}]'), /Expected a string for .*but it is nothing/],
  ['a missing comma', second('    command: ["bash" «"»-c"]'), /Expected a comma between the items/],
  ['no blank behind a dash', among('  «-»name: second\n    image: b\n    command: [a]'), /Expected a blank behind the "-"/],
  ['a list behind its key', second('    command: «-» a'), /Expected a list on lines of its own/],
  ['a second colon', second('    command: [a]\n    resource: «s»ee: this'), /a second ": " stands in the value/],
  ['a quote inside quotes', second("    command: [a]\n    resource: 'it'«s'»"), /Expected nothing behind the closing quote/],
  ['an escape that is none', second('    command: [a]\n    resource: "«\\d»"'), /Expected a "\\" that begins an escape/],
  ['a sign that begins no text', second('    command: [a]\n    resource: «@»x'), /Expected text that does not begin with "@"/],
  ['text behind a bar', second('    command: [a]\n    resource: | «x»\n      y'), /Expected a line break behind "\|"/],
  [
    'a tag that is mistyped',
    second('    command: [a]').replace('{% for', '{% «fro»').replace('{% «fro»', '{% «fro»'),
    /Did you mean "for"/,
  ],
  ['a name of a loop that is mistyped', second('    command: [a]').replace('{{ i }}', '{{ «loop.indx» }}'), /Did you mean "index"/],
  ["a function of Python's", second('    command: [a]').replace('{{ i }}', '{{ «str»(i) }}'), /Write value\|string/],
  ['a template of another program', second("    command: [a]\n    resource: '{{«.»Names}}'"), /put {% raw %} before/],
  ["an expression of GitHub's", second(`    command: [a]\n    resource: ${'$'}{{ «secrets».X }}`), /put {% raw %} before/],
  ['a date in braces', second('    command: [a]\n    resource: "{%«Y»}"'), /put {% raw %} before/],
  ['braces with nothing in them', second('    command: [a]\n    resource: "({{«}}»)"'), /put {% raw %} before/],
  ['one brace too few at the end', second('    command: [a]').replace('{{ i }}', '{{ i «}»'), /nothing is open here/],
  [
    'defaults that cannot be read',
    `default-values:\n  a: 1\n  list:\n  - {«{ x }»}\n${second('    command: ["{{ a }}"]\n    resource: "{{ list }}"')}`,
    /Expected a word as key/,
  ],
  ['a list of exit codes', oneTask('exitActions: {COMPLETE: «[1]»}'), /Expected a string for/],
  ["a task's own platform", oneTask('«platform»: agx'), /Write it in "resources"/],
  ['a blank before the first colon', oneTask().replace('workflow:', '«workflow »:'), /remove the blank before the colon/],
  ['a format that is mistyped', `benchmarks:\n- {task: eval, path: a.json, format: «lerobt»}\n${oneTask()}`, /Did you mean "lerobot"/],
]

describe('one mistake is one fault', () => {
  for (const [name, marked, message] of mistakes) {
    it(name, () => {
      const { text, place } = unmark(marked)
      const errors = diagnose(text).filter(({ severity }) => severity === 'error')
      assert.deepEqual(
        errors.map((error) => placeOf(error)),
        [place],
        JSON.stringify(errors, undefined, 1),
      )
      assert.match(errors[0]?.message ?? '', message)
    })
  }
})

it('two mistakes that have nothing to do with each other are two faults', () => {
  const errors = diagnose(second('    command: [a]\n    resource: see: this\n    cacheSize: see: that'))
  assert.deepEqual(
    errors.map(({ line }) => line),
    [13, 14],
  )
})

it('a bracket over several lines is no mistake', () => {
  assert.deepEqual(diagnose(second('    command: [\n      a,\n    b\n    ]')), [])
})

it('the formats of a spec are those that are read', () => assert.deepEqual([...benchmarkFormats], [...read]))
