import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { diagnose } from '../marked.ts'

/** Files with faults of many kinds, and what is said of them: all in one round. */
const examples: readonly (readonly [file: string, faults: readonly string[]])[] = [
  [
    `default-values:
  gpus: 2
on:
  psuh: {}
workflow:
  name: {{ nmae }}
  tasks:
  - name: eval
    image: {{ 1 + }}
    command: [{{ gpus.count }}, "{{ gpus|strng }}"]
    args: ['{{ gpus ~ 'x }}']
  {% for i in range(gpus) %}
  - {name: t{{ j }}, image: a}
  {% enfor %}
steps: 1
`,
    [
      '4 schema/unknown-key',
      '6 template/undefined',
      '9 template/syntax',
      '10 template/undefined',
      '10 template/unknown-filter',
      '11 template/syntax',
      '13 template/undefined',
      '14 template/syntax',
      '15 syntax/unknown-section',
    ],
  ],
  [
    `default-values:
  gpus: [2
benchmarks:
- {task: eval, path: a.json, format: lerobt}
workflow:
  name: nav
  tasks:
  - name: eval
    image: {{ gpus }} {{ nope }}
    command: [{{ 1 + 'a' }}]
    args: [{{ gpus]]
  {% if gpus > 1 %}
    environment: {A: {{ 1 // 0 }}}
`,
    ['2 syntax/yaml', '4 schema/value', '10 template/type', '11 template/syntax', '12 template/syntax'],
  ],
  [
    `workflow:
  name: nav
  tasks:
  - name: eval
    image: a
    command: ["bash", "-c"]
    args:
    - |
      echo \${#list[@]} {{ storage }}
      docker ps --format '{{.Names}}'
      echo {{ output }} {{ prefix }}
`,
    ['9 template/syntax', '9 template/undefined', '10 template/syntax', '11 template/undefined', '11 template/undefined'],
  ],
]

describe('says all faults of a file at once', () => {
  for (const [file, faults] of examples) {
    it(JSON.stringify(file), () => {
      const found = diagnose(file).filter(({ severity }) => severity === 'error')
      assert.deepEqual(
        found.map(({ line, code }) => `${line} ${code}`),
        faults,
        JSON.stringify(found, undefined, 1),
      )
    })
  }
})
