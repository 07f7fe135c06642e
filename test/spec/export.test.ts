import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, it } from 'node:test'
import { expandDirectories } from '../../src/spec/export-directories.ts'
import { exportSpec } from '../../src/spec/export-spec.ts'
import { locateSpec, renderSpec } from '../../src/spec/parse-spec.ts'

const root = join(import.meta.dirname, '..', '..')
// NVIDIA's specs are not part of this repository; where they lie beside it, they are exported too.
const cookbook = join(root, '..', 'shared', 'reference', 'osmo-specs')
const files = [...globSync(join(root, 'templates/**/.osmo/*.yaml')), ...(existsSync(cookbook) ? globSync(join(cookbook, '*.yaml')) : [])]
const group = `on: push
default-values: {nodes: 2}
workflow:
  groups:
  - name: train
    tasks:
    {% for n in range(nodes) %}
    - name: node_{{ n }}
      lead: {{ n == 0 }}
      image: a
      command: [b]
      files:
      - localpath: policy
        path: "/tmp/{{ n }}"
      {% if n == 0 %}
      - {path: '/tmp/sim/', localpath: sim} # the scene
      {% endif %}
    {% endfor %}
  name: nav
`
const specs: readonly (readonly [title: string, text: string])[] = [
  ['groups made by a loop', group],
  ...files.toSorted().map((file) => [basename(file), readFileSync(file, 'utf8')] as const),
]

const options = { file: '.osmo/nav.yaml', values: { storage_url: 's3://bucket/prefix' } }
const alone = { file: options.file }

describe('every localpath as a directory of three files', () => {
  for (const [title, text] of specs) {
    const located = locateSpec(text, options)
    const localpaths = located.kind === 'valid' ? located.places.localpaths.map(({ localpath }) => localpath) : []
    if (localpaths.length === 0) continue
    it(`${title} is exported in place, and as what it was`, () => {
      const directories = Object.fromEntries(localpaths.map((localpath) => [localpath, ['a.sh', 'b/c d.py', "it's: # {x}"]]))
      const exported = exportSpec(text, { ...options, directories })
      assert.ok(exported.kind === 'exported')
      assert.doesNotMatch(exported.text, /# Rendered/)
      const [before, after] = [renderSpec(text, options), renderSpec(exported.text, alone)]
      assert.ok(before.kind === 'rendered' && after.kind === 'rendered', JSON.stringify(after))
      assert.deepEqual(after.document, expandDirectories(before.document, directories))
      const again = exportSpec(exported.text, { ...alone, directories: {} })
      assert.equal(again.kind === 'exported' && again.text, exported.text)
    })
  }
})

describe('a directory in what a template prints: the rendered document, with its braces as they were', () => {
  for (const script of ['{}}', '{{{', '{{{{', '{{%', '{%', '{#', '#} %}', '{#names[@]}', "{{.Names}}' it's", 'cp {{output}}/a {}}'])
    it(script, () => {
      const contents = script.includes('{{output}}') ? script : `{% raw %}${script}{% endraw %}`
      const text = `default-values: {files: [{path: /tmp, localpath: policy}]}
workflow:
  name: nav
  tasks:
  - {name: train, image: a, command: [b], files: {{ files }}}
  - name: evaluate
    image: a
    command: [b]
    files:
    - path: /run.sh
      contents: |
        ${contents}
`
      const directories = { policy: ['a.py'] }
      const exported = exportSpec(text, { ...options, directories })
      assert.ok(exported.kind === 'exported')
      assert.match(exported.text, /# Rendered/)
      const [before, after] = [renderSpec(text, options), renderSpec(exported.text, alone)]
      assert.ok(before.kind === 'rendered' && after.kind === 'rendered', JSON.stringify(after))
      assert.deepEqual(after.document, expandDirectories(before.document, directories))
    })
})

it('values of ours are written into default-values where the template reads them, not where text only mentions them', () => {
  const textOf = (argument: string) => `workflow:
  name: nav
  tasks: # github and latest
  - {name: train, image: a, command: [b], args: ["github ${argument}"]}
`
  const exportedWith = (argument: string) => {
    const exported = exportSpec(textOf(argument), { ...options, values: {}, directories: {} })
    return exported.kind === 'exported' ? exported.text : ''
  }
  assert.equal(
    exportedWith("{% raw %}{{ latest['train'] }}{% endraw %} {{ 'github' }}{# latest #}"),
    textOf("{% raw %}{{ latest['train'] }}{% endraw %} {{ 'github' }}{# latest #}"),
  )
  assert.match(exportedWith('{{ github.sha }}'), /^default-values:\n {2}github:\n {4}sha: /)
})

it('defaults of a dispatch are written into default-values, under what was given', () => {
  const text = `on: {workflow_dispatch: {inputs: {n: {type: number, default: 200}}}}
workflow:
  name: nav
  tasks:
  - {name: train, image: a, command: [b], args: ["{{ n }}"]}
`
  const exported = exportSpec(text, { ...alone, values: { n: 1 }, directories: {} })
  assert.match(exported.kind === 'exported' ? exported.text : '', /^default-values:\n {2}"n": 200\nworkflow:/)
  const given = exportSpec(text, { ...alone, given: { n: 3 }, directories: {} })
  assert.match(given.kind === 'exported' ? given.text : '', /^default-values:\n {2}"n": 3\nworkflow:/)
})

describe('tokens are where OSMO replaces them', () => {
  const textOf = (argument: string) => `workflow:
  name: nav
  tasks:
  - {name: train, image: a, command: [b], args: ['${argument}']}
`
  const examples: readonly (readonly [argument: string, exported: string])[] = [
    ['{% raw %}{{output}}{% endraw %}', '{% raw %}{% endraw %}{{output}}{% raw %}{% endraw %}'],
    ['{%- raw -%} {{x}} {{output}} {{y}}{% endraw %}', '{%- raw -%} {{x}} {% endraw %}{{output}}{% raw %} {{y}}{% endraw %}'],
    ['{{output}} {# {% raw %} {{output}} {% endraw %} #}', '{{output}} {# {% raw %} {{output}} {% endraw %} #}'],
    ['{% raw %}a{% endraw %}{{output}}{% raw %}b{% endraw %}', '{% raw %}a{% endraw %}{{output}}{% raw %}b{% endraw %}'],
  ]
  for (const [argument, exported] of examples) {
    it(argument, () => {
      const result = exportSpec(textOf(argument), { ...alone, directories: {} })
      assert.ok(result.kind === 'exported')
      assert.deepEqual([result.text, result.warnings], [textOf(exported), []])
      const [before, after] = [renderSpec(textOf(argument), alone), renderSpec(result.text, alone)]
      assert.ok(before.kind === 'rendered' && after.kind === 'rendered')
      assert.equal(after.text, before.text)
    })
  }
  it('or a warning says where they are', () => {
    const result = exportSpec(textOf('{{ "{{output}}" }} {{output}}'), { ...alone, directories: {} })
    assert.ok(result.kind === 'exported')
    assert.deepEqual(
      result.warnings.map(({ line, column, endColumn }) => [line, column, endColumn]),
      [[4, 55, 65]],
    )
  })
})

it("NVIDIA's cookbook is exported too", { skip: existsSync(cookbook) ? false : `it is not at ${cookbook}` }, () =>
  assert.ok(specs.length > 20),
)
