import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { diagnose } from './marked.ts'

const task = (name: string, lines: string) => `  - name: ${name}\n    image: ubuntu\n${lines}\n`
const spec = (...tasks: readonly string[]) => `workflow:\n  name: train\n  tasks:\n${tasks.join('')}`
const good = '    command: [a, "b"]'

/** A fault of YAML hides nothing that is certain elsewhere, and nothing is said that only follows from it: the lines of all errors. */
const examples: readonly (readonly [name: string, text: string, faults: readonly string[]])[] = [
  [
    'a tag, and a key further down',
    spec(task('a', '    command: !x [a]'), task('b', `${good}\n    imag: c`)),
    ['6 syntax/tag', '10 schema/unknown-key'],
  ],
  [
    'a second colon, and a wrong type above',
    spec(task('a', '    command: a'), task('b', `${good}\n    resource: see: this`)),
    ['6 schema/type', '10 syntax/yaml'],
  ],
  [
    'a quote that nothing closes, and a wrong type below',
    spec(task('a', "    command: ['a]"), task('b', '    command: a')),
    ['6 syntax/yaml', '9 schema/type'],
  ],
  [
    'a bracket over lines, and a wrong type below',
    spec(task('a', '    command: [\n      a,\n      b\n    resource: c'), task('b', '    command: a')),
    ['6 syntax/yaml', '12 schema/type'],
  ],
  [
    'two brackets that nothing closes',
    spec(task('a', '    command: [a'), task('b', '    command: [b'), task('c', '    command: c')),
    ['6 syntax/yaml', '9 syntax/yaml', '12 schema/type'],
  ],
  [
    'a name that cannot be read, and who asks for it',
    spec(task('@a', good), task('b', `${good}\n    inputs: [{task: a}]`)),
    ['4 syntax/yaml'],
  ],
  [
    'an anchor in what cannot be read, and its alias',
    spec(task('a', '    environment: &e {A: b: c}\n    command: [a]'), task('b', `${good}\n    environment: *e`)),
    ['6 syntax/yaml'],
  ],
  [
    'a date that does not exist, and an unknown key in another task',
    spec(task('a', `${good}\n    resource: 2025-02-30`), task('b', `${good}\n    x: y`)),
    ['7 syntax/value', '11 schema/unknown-key'],
  ],
  ['a line that is no key', spec(task('a', '    command'), task('b', '    command: a')), ['6 syntax/yaml']],
  [
    'a section of ours and the workflow',
    `on: {push: {branches: *x}}\nconcurrency: {limit: a}\n${spec(task('a', '    command: a'))}`,
    ['1 syntax/alias', '2 schema/value', '8 schema/type'],
  ],
  [
    'a value of ours, and a key below',
    `benchmarks:\n- task: @a\n  path: x.json\n  formt: csv\n${spec(task('a', good))}`,
    ['2 syntax/yaml', '4 schema/unknown-key'],
  ],
  [
    'a default that cannot be read, and the workflow',
    `default-values:\n  a: @b\n  c: 1\n${spec(task('a', `    command: "{{ c }}"`))}`,
    ['2 syntax/yaml', '9 schema/type'],
  ],
  [
    'a default that cannot be read, and where it is used',
    `default-values:\n  a: @b\n  c: 1\n${spec(task('{{ a }}', `    command: ["{{ d }}", "{{ c }}"]`))}`,
    ['2 syntax/yaml'],
  ],
  [
    'a default that cannot be read, and a template that cannot',
    `default-values:\n  a: @b\n${spec(task('a', '    command: ["{{ 1 + }}"]'))}`,
    ['2 syntax/yaml', '8 template/syntax'],
  ],
  ['a default that is bytes', `default-values:\n  a: !!binary aGVsbG8=\n${spec(task('a', '    command: ["{{ a }}"]'))}`, ['2 syntax/tag']],
  [
    'a default below one that cannot be read',
    `default-values:\n  a:\n    b: 'c\n    d: e\n${spec(task('a', '    command: b'))}`,
    ['3 syntax/yaml', '10 schema/type'],
  ],
]

describe('all faults at once', () => {
  for (const [name, text, faults] of examples) {
    it(name, () => {
      const errors = diagnose(text).filter(({ severity }) => severity === 'error')
      assert.deepEqual(
        errors.map(({ line, code }) => `${line} ${code}`),
        faults,
        JSON.stringify(errors, undefined, 1),
      )
    })
  }
})
