import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePlatformConfig } from '../../../src/spec/platform-config.ts'

const rules = "repositories: [{match: ['*/*'], pools: {p: [trusted]}}]\n"
const pool = (entries: string, sections = '') =>
  `backends: {b: {}}\npools: {p: {backend: b, platforms: {x: {}}, ${entries}}}\n${rules}${sections}`
const onLocal = (entries: string) => pool(entries).replace('{b: {}}', '{b: {kind: local}}')
const variables = (entries: string) => pool(`common_default_variables: {${entries}}`)
const rule = (left: string, right = '1', message = 'no') =>
  pool(
    '',
    `resource_validations: {r: [{operator: LE, left_operand: '${left}', right_operand: '${right}', assert_message: '${message}'}]}\n`,
  )
const template = (container: string, entries = '') => pool(entries, `pod_templates: {t: {spec: {containers: [${container}]}}}\n`)

/** An administrator's file and what is said of it: `error` or `warning`, the code, the message. */
const table: readonly (readonly [title: string, text: string, found: readonly RegExp[]])[] = [
  ['a count', variables('USER_CPU: 4, USER_GPU: "0", USER_MEMORY: 16Gi, USER_STORAGE: 1024'), []],
  ['half a CPU', variables('USER_CPU: 0.5'), []],
  [
    'a word for CPUs',
    variables('USER_CPU: lots'),
    [/^error schema\/value .*number of at least 0 for pools\.p\.common_default_variables\.USER_CPU, but it is "lots"/],
  ],
  ['GPUs below nothing', variables('USER_GPU: -1'), [/^error schema\/value .*whole number of at least 0.* but it is the integer -1/]],
  ['half a GPU', variables('USER_GPU: 0.5'), [/^error schema\/value .*whole number/]],
  ['no unit of memory', variables('USER_MEMORY: 1Gx'), [/^error schema\/value .*quantity such as 16Gi .*but it is "1Gx"/]],
  ['no unit of storage', variables('USER_STORAGE: much'), [/^error schema\/value .*quantity/]],
  [
    "a platform's variable",
    pool('default_platform: x').replace('x: {}', 'x: {default_variables: {USER_GPU: a}}'),
    [/^error schema\/value .*pools\.p\.platforms\.x\.default_variables\.USER_GPU/],
  ],
  ['a variable of its own', variables('SITE: berlin'), []],
  [
    'a variable almost called like a known one',
    variables('USR_STORAGE: 1Gi'),
    [/^warning semantic\/unread-variable .*"USR_STORAGE".*"USER_STORAGE"/],
  ],
  ['the same, read by a template', template('{name: "{{USR_CPU}}"}', 'common_default_variables: {USR_CPU: 1}'), []],
  [
    'a guarantee above the maximum',
    pool('resources: {gpu: {guarantee: 32, maximum: 16}}'),
    [/^error semantic\/above-maximum .*at most 16, .*but it is 32/],
  ],
  ['a guarantee without a maximum', pool('resources: {gpu: {guarantee: 32, maximum: -1}}'), []],
  ['a guarantee that is the maximum', pool('resources: {gpu: {guarantee: 16, maximum: 16}}'), []],
  [
    'a GPU quota on a local backend',
    onLocal('resources: {gpu: {guarantee: 4}}'),
    [/^warning semantic\/unsupported .*quota of pool "p" bounds each group by itself/],
  ],
  ['a weight on a local backend', onLocal('resources: {gpu: {weight: 2}}'), [/^warning semantic\/unsupported .*"weight" has no effect/]],
  ['the default GPU quota on a local backend', onLocal('resources: {gpu: {guarantee: -1, maximum: -1, weight: 1}}'), []],
  [
    'credentials of a repository',
    pool('').replace(']}}]', ']}, credentials: [ngc]}]'),
    [/^warning semantic\/unsupported .*repositories\[0\]\.credentials has no effect/],
  ],
  ['no credentials of a repository', pool('').replace(']}}]', ']}, credentials: []}]'), []],
  [
    'a default time above the longest',
    pool('default_exec_timeout: 3h, max_exec_timeout: 2h'),
    [/^error semantic\/above-maximum .*pools\.p\.default_exec_timeout, but it is 3h/],
  ],
  [
    'a default time in the queue above the longest',
    pool('default_queue_timeout: 61, max_queue_timeout: 1m'),
    [/^error semantic\/above-maximum/],
  ],
  ['a default time below the longest', pool('default_exec_timeout: 60s, max_exec_timeout: 2m'), []],
  ['a longest time alone', pool('max_exec_timeout: 1m'), []],
  [
    'times of the installation',
    pool('', 'workflow: {default_exec_timeout: 2d, max_exec_timeout: 1d}\n'),
    [/^error semantic\/above-maximum .*workflow\.default_exec_timeout/],
  ],
  ['a rule', rule('{{USER_CPU}}', '{{K8_MEMORY_Gi}}', 'CPU {{USER_CPU}} of {{ K8_CPU }}'), []],
  ['a rule about a quantity', rule('{{USER_MEMORY}}', '16Gi'), []],
  ['a rule about a word', rule('{{USER_CPU}}', 'abc'), [/^error schema\/operand .*but it is "abc"/]],
  [
    'a rule about nothing known',
    rule('{{USER_CUP}}'),
    [/^error semantic\/unknown-variable A rule about resources .*"USER_CUP".*Did you mean "USER_CPU"/],
  ],
  ['a message about nothing known', rule('1', '2', 'has {{USER_CUP}}'), [/^error semantic\/unknown-variable .*Did you mean "USER_CPU"/]],
  ['a rule about the workflow', rule('{{WF_RETRY_ID}}'), [/^error semantic\/unknown-variable .*"WF_RETRY_ID"/]],
  [
    'a rule about nodes for a machine that has none',
    rule('{{USER_CPU}}', '{{K8_CPU}}').replace('{b: {}}', '{b: {kind: local}}').replace('x: {}', 'x: {resource_validations: [r]}'),
    [/^warning schema\/ignored-key The rules "r" of pool "p" compare with a node/],
  ],
  ['a template', template('{name: "{{USER_CONTAINER_NAME}}", "{{WF_POOL}}": "{{USER_CPU}}"}'), []],
  [
    'a template that misspells a name',
    template('{name: "{{USER_CONTAINER_NAM}}"}'),
    [/^error semantic\/unknown-variable A pod template .*Did you mean "USER_CONTAINER_NAME"/],
  ],
  [
    'a key of a template that misspells a name',
    template('{"{{WF_POL}}": a}'),
    [/^error semantic\/unknown-variable .*Did you mean "WF_POOL"/],
  ],
  ['a template about a node', template('{name: "{{K8_CPU}}"}'), [/^error semantic\/unknown-variable .*"K8_CPU"/]],
  ["a template with the pool's variable", template('{name: "{{SITE}}"}', 'common_default_variables: {SITE: berlin}'), []],
  [
    'a kind that there is not',
    'backends: {b: {kind: locl, runtime: process}}\npools: {}\n',
    [/^error schema\/value .*Did you mean "local"/, /^warning/],
  ],
  ['a kind that is left out', 'backends: {b: {runtime: process}}\npools: {}\n', [/^error semantic\/not-local/, /^warning/]],
  [
    'an object for groups with two faults',
    pool('', 'group_templates: {g: {kind: X, metadata: {name: a, namespace: b}}}\n'),
    [/^error schema\/group-template .*needs "apiVersion", and must not have "metadata\.namespace"/],
  ],
  ['a key of the file', `${pool('')}poools: {}\n`, [/^error schema\/unknown-key This file has no key "poools"/]],
  ['a key further down', pool('backends: b'), [/^error schema\/unknown-key pools\.p has no key "backends"/]],
]

describe("wrong values in the administrator's file", () => {
  for (const [title, text, expected] of table)
    it(title, () => {
      const result = parsePlatformConfig(text, 'osmo.yaml')
      const diagnostics = result.kind === 'valid' ? result.warnings : result.diagnostics
      const found = diagnostics.map(({ severity, code, message }) => `${severity} ${code} ${message}`).sort()
      assert.equal(found.length, expected.length, found.join('\n'))
      for (const [index, words] of expected.entries()) assert.match(found[index] ?? '', words)
    })
})
