import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fillTemplate } from '../../../src/spec/pool/fill.ts'
import { mergeGroupTemplates, mergeTemplates } from '../../../src/spec/pool/merge.ts'
import { nodeVariables, userVariables, workflowVariables } from '../../../src/spec/pool/variables.ts'
import type { JsonObject, PoolVariables, ResourceSpec } from '../../../src/spec/types.ts'

const gibibyte = 2 ** 30

describe('templates are merged', () => {
  const table: readonly (readonly [templates: readonly JsonObject[], merged: JsonObject])[] = [
    [[], {}],
    [[{ a: 1 }, { b: 2 }], { a: 1, b: 2 }],
    [[{ a: 1 }, { a: 2 }], { a: 2 }],
    [[{ a: { b: 1, c: 1 } }, { a: { b: 2 } }], { a: { b: 2, c: 1 } }],
    [[{ a: { b: 1 } }, { a: null }], { a: null }],
    [[{ a: { b: 1 } }, { a: 'x' }], { a: 'x' }],
    [[{ a: [1] }, { a: [2] }], { a: [1, 2] }],
    [[{ a: [{ name: 'x', v: 1 }] }, { a: [{ name: 'x', w: 2 }] }], { a: [{ name: 'x', v: 1, w: 2 }] }],
    [
      [{ a: [{ name: 'x', v: 1 }] }, { a: [{ name: 'y', v: 2 }] }],
      {
        a: [
          { name: 'x', v: 1 },
          { name: 'y', v: 2 },
        ],
      },
    ],
    [[{ a: [{ key: 'gpu' }] }, { a: [{ key: 'gpu' }] }], { a: [{ key: 'gpu' }, { key: 'gpu' }] }],
    [
      [{ c: [{ name: 'x', env: [{ name: 'A', value: '1' }] }] }, { c: [{ name: 'x', env: [{ name: 'A', value: '2' }, { name: 'B' }] }] }],
      { c: [{ name: 'x', env: [{ name: 'A', value: '2' }, { name: 'B' }] }] },
    ],
    [[{ a: 1 }, JSON.parse('{"__proto__": {"x": 1}}')], JSON.parse('{"a": 1, "__proto__": {"x": 1}}')],
  ]
  for (const [templates, merged] of table) it(JSON.stringify(templates), () => assert.deepEqual(mergeTemplates(templates), merged))

  it('changes none of what it merges', () => {
    const base = { a: [{ name: 'x', v: 1 }] }
    mergeTemplates([base, { a: [{ name: 'x', v: 2 }] }])
    assert.deepEqual(base, { a: [{ name: 'x', v: 1 }] })
  })

  it('group templates of one kind and name are one object', () => {
    const map = (name: string, data: JsonObject): JsonObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })
    assert.deepEqual(mergeGroupTemplates([map('a', { x: '1' }), map('b', {}), map('a', { y: '2' })]), [
      map('a', { x: '1', y: '2' }),
      map('b', {}),
    ])
  })
})

describe('variables of a resource', () => {
  const none: ResourceSpec = { nodesExcluded: [], topology: [] }
  const table: readonly (readonly [
    resource: Partial<ResourceSpec>,
    cache: string | undefined,
    defaults: readonly PoolVariables[],
    expected: object,
  ])[] = [
    [{}, undefined, [], { USER_CPU: { float: 1 }, USER_GPU: 0, USER_MEMORY: '1Gi', USER_STORAGE: '1Gi' }],
    [{ cpu: 4, gpu: 2 }, undefined, [], { USER_CPU: { float: 4 }, USER_GPU: 2 }],
    [{ cpu: 0, gpu: 0 }, undefined, [{ USER_GPU: 1, USER_CPU: 2 }], { USER_CPU: { float: 2 }, USER_GPU: 1 }],
    [{}, undefined, [{ USER_GPU: 1 }, { USER_GPU: 8 }], { USER_GPU: 8 }],
    [{}, undefined, [{ NCCL: 'on' }], { NCCL: 'on' }],
    [
      { memoryBytes: 16 * gibibyte },
      undefined,
      [],
      { USER_MEMORY: '16Gi', USER_MEMORY_VAL: 16, USER_MEMORY_UNIT: 'Gi', USER_MEMORY_Gi: 16, USER_MEMORY_Mi: 16_384 },
    ],
    [
      { memoryBytes: 512 * 2 ** 20 },
      undefined,
      [],
      { USER_MEMORY: '512Mi', USER_MEMORY_Gi: 0.5, USER_MEMORY_B: 2 ** 29, USER_MEMORY_m: 2 ** 29 * 1000 },
    ],
    [{ memoryBytes: 1500 }, undefined, [], { USER_MEMORY: '1500', USER_MEMORY_VAL: 1500, USER_MEMORY_UNIT: 'B' }],
    [{}, undefined, [{ USER_MEMORY: '64Gi' }], { USER_MEMORY: '64Gi', USER_MEMORY_Gi: 64 }],
    [{ storageBytes: 10 * gibibyte }, undefined, [], { USER_CACHE: '9216Mi' }],
    [{ storageBytes: 10 * gibibyte }, '50%', [], { USER_CACHE: '5120Mi' }],
    [{ storageBytes: 10 * gibibyte }, '500%', [], { USER_CACHE: '10240Mi' }],
    [{ storageBytes: 10 * gibibyte }, '2Gi', [], { USER_CACHE: '2Gi' }],
    [{}, undefined, [], { USER_CACHE: '921Mi' }],
    [{ nodesExcluded: ['a', 'b'] }, undefined, [], { USER_EXCLUDED_NODES: '["a","b"]' }],
  ]
  for (const [resource, cache, defaults, expected] of table) {
    it(JSON.stringify([resource, cache, defaults]), () => {
      const variables = userVariables({ ...none, ...resource }, cache, defaults)
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(variables.get(name), value, name)
    })
  }

  it('of a workflow and of a node', () => {
    const identity = {
      workflowId: 'nav-3',
      workflowUuid: 'w',
      group: 'g',
      groupUuid: 'gu',
      task: 't',
      taskUuid: 'tu',
      attempt: 1,
      submittedBy: 'ada',
    }
    const variables = workflowVariables({ ...identity, pool: 'lab', platform: 'ovx', priority: 'NORMAL', lead: 'lead' })
    assert.deepEqual([variables.get('WF_ID'), variables.get('WF_RETRY_ID'), variables.get('WF_LEAD_CONTAINER')], ['nav-3', 1, 'True'])
    const node = nodeVariables({ name: 'n', cpu: 64, gpu: 8, memoryBytes: 512 * gibibyte, storageBytes: 2 ** 40 })
    assert.deepEqual(
      [node.get('K8_CPU'), node.get('K8_GPU'), node.get('K8_MEMORY'), node.get('K8_STORAGE_Gi')],
      [{ float: 64 }, 8, '512Gi', 1024],
    )
  })
})

describe('a template is filled', () => {
  const variables = userVariables({ cpu: 4, gpu: 1, nodesExcluded: ['a'], topology: [] }, undefined, [])
  const table: readonly (readonly [template: JsonObject, filled: JsonObject])[] = [
    [{ cpu: '{{USER_CPU}}' }, { cpu: 4 }],
    [{ gpu: '{{ USER_GPU }}' }, { gpu: 1 }],
    [{ memory: '{{USER_MEMORY}}' }, { memory: '1Gi' }],
    [{ text: 'cpu={{USER_CPU}} gpu={{USER_GPU}}' }, { text: 'cpu=4.0 gpu=1' }],
    [{ '{{USER_MEMORY}}': [{ a: ['{{USER_GPU}}'] }] }, { '1Gi': [{ a: [1] }] }],
    [{ values: '{{USER_EXCLUDED_NODES}}' }, { values: ['a'] }],
    [
      { plain: true, none: null, number: 2 },
      { plain: true, none: null, number: 2 },
    ],
  ]
  for (const [template, filled] of table)
    it(JSON.stringify(template), () => assert.deepEqual(fillTemplate(template, variables), { kind: 'filled', template: filled }))

  it('and says all names that nobody knows', () => {
    assert.deepEqual(fillTemplate({ a: '{{NOPE}}', b: ['x{{ALSO}}'] }, variables), { kind: 'unknown', names: ['ALSO', 'NOPE'] })
  })
})
