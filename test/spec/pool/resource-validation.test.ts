import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { faultOfQuota, type Priority, schedulingOf } from '../../../src/spec/pool/priority.ts'
import { validateResources } from '../../../src/spec/pool/resource-validation.ts'
import { type Node, userVariables } from '../../../src/spec/pool/variables.ts'
import type { ResourceValidation } from '../../../src/spec/types.ts'

const gibibyte = 2 ** 30
const user = userVariables({ cpu: 8, gpu: 1, memoryBytes: 16 * gibibyte, nodesExcluded: [], topology: [] }, undefined, [])
const node = (name: string, cpu: number, gpu: number, gibibytes: number): Node => ({
  name,
  cpu,
  gpu,
  memoryBytes: gibibytes * gibibyte,
  storageBytes: 100 * gibibyte,
})
const rule = (
  left: string,
  operator: ResourceValidation['operator'],
  right: string,
  message = `${left} ${operator} ${right}`,
): ResourceValidation => ({
  operator,
  left,
  right,
  message,
})

describe('rules about resources', () => {
  const large = node('large', 64, 8, 512)
  const slim = node('slim', 4, 8, 512)
  const dry = node('dry', 64, 8, 8)
  const table: readonly (readonly [rules: readonly ResourceValidation[], nodes: readonly Node[], fits: 'fits' | 'refused'])[] = [
    [[], [], 'fits'],
    [[rule('{{USER_CPU}}', 'GT', '0')], [], 'fits'],
    [[rule('{{USER_CPU}}', 'LE', '8')], [], 'fits'],
    [[rule('{{USER_CPU}}', 'LT', '8')], [], 'refused'],
    [[rule('{{USER_CPU}}', 'GE', '8')], [], 'fits'],
    [[rule('{{USER_GPU}}', 'EQ', '1')], [], 'fits'],
    [[rule('{{USER_GPU}}', 'EQ', '2')], [], 'refused'],
    [[rule('{{USER_MEMORY}}', 'LE', '16Gi')], [], 'fits'],
    [[rule('{{USER_MEMORY}}', 'LT', '17000Mi')], [], 'fits'],
    [[rule('{{USER_MEMORY}}', 'LE', '8Gi')], [], 'refused'],
    [[rule('{{USER_NOTHING}}', 'LE', '8')], [], 'refused'],
    [[rule('{{USER_CPU}}', 'LE', 'much')], [], 'refused'],
    [[rule('{{USER_CPU}}', 'LE', '{{K8_CPU}}')], [], 'refused'],
    [[rule('{{USER_CPU}}', 'LE', '{{K8_CPU}}')], [large], 'fits'],
    [[rule('{{USER_CPU}}', 'LE', '{{K8_CPU}}')], [slim], 'refused'],
    [[rule('{{USER_CPU}}', 'LE', '{{K8_CPU}}')], [slim, large], 'fits'],
    [[rule('{{USER_CPU}}', 'LE', '{{K8_CPU}}'), rule('{{USER_MEMORY}}', 'LE', '{{K8_MEMORY}}')], [slim, dry], 'refused'],
    [[rule('{{USER_CPU}}', 'LE', '{{K8_CPU}}'), rule('{{USER_MEMORY}}', 'LE', '{{K8_MEMORY}}')], [slim, dry, large], 'fits'],
  ]
  for (const [rules, nodes, fits] of table) {
    it(`${rules.map(({ message }) => message).join(' and ')} on ${nodes.map(({ name }) => name).join(', ') || 'no node'}: ${fits}`, () => {
      assert.equal(validateResources(rules, user, nodes).kind, fits)
    })
  }

  it('what a task asks for too much of is said at once, with its numbers', () => {
    const rules = [
      rule('{{USER_CPU}}', 'LE', '4', 'CPU {{USER_CPU}} is above 4'),
      rule('{{USER_GPU}}', 'LE', '0', 'GPU {{USER_GPU}} is above 0'),
    ]
    assert.deepEqual(validateResources(rules, user, []), { kind: 'refused', reason: 'CPU 8 is above 4\nGPU 1 is above 0' })
  })

  it('a table says of each node why not', () => {
    const result = validateResources([rule('{{USER_CPU}}', 'LE', '{{K8_CPU}}', 'asks for {{USER_CPU}} of {{K8_CPU}} CPUs')], user, [
      slim,
      node('a|b', 2, 0, 1),
    ])
    const reason = result.kind === 'refused' ? result.reason : ''
    assert.match(reason, /Please check available resources with "osmo resource list"/)
    assert.match(reason, /\| slim \| asks for 8 of 4 CPUs \|\n\| a\\\|b \| asks for 8 of 2 CPUs \|$/)
  })

  it('a table of a thousand nodes has twenty lines and their number', () => {
    const nodes = Array.from({ length: 1000 }, (_, index) => node(`n${index}`, 1, 0, 1))
    const result = validateResources([rule('{{USER_CPU}}', 'LE', '{{K8_CPU}}')], user, nodes)
    assert.match(result.kind === 'refused' ? result.reason : '', /\| n19 \|.*\n\| 980 more \| \|$/)
  })
})

describe('priorities against the quota of a pool', () => {
  const table: readonly (readonly [gpus: number, priority: Priority, guarantee: number, maximum: number, fault: RegExp | undefined])[] = [
    [8, 'NORMAL', 8, 16, undefined],
    [
      9,
      'NORMAL',
      8,
      16,
      /^Group train asks for 9 GPUs .* guarantee of pool lab is 8. Ask for at most 8. Only priority LOW may borrow more/,
    ],
    [9, 'HIGH', 8, -1, /priority LOW may borrow/],
    [17, 'HIGH', 8, 16, /Ask for at most 8\.$/],
    [9, 'LOW', 8, 16, undefined],
    [17, 'LOW', 8, 16, /maximum of pool lab is 16/],
    [1000, 'NORMAL', -1, -1, undefined],
    [17, 'NORMAL', -1, 16, /maximum of pool lab is 16/],
    [0, 'NORMAL', 0, 0, undefined],
  ]
  for (const [gpus, priority, guarantee, maximum, fault] of table) {
    it(`${gpus} GPUs with ${priority}, guarantee ${guarantee}, maximum ${maximum}`, () => {
      const found = faultOfQuota('train', gpus, priority, { guarantee, maximum, weight: 1 }, 'lab')
      if (fault === undefined) assert.equal(found, undefined)
      else assert.match(found ?? '', fault)
    })
  }
})

describe('what a scheduler is told of a priority', () => {
  const table: readonly (readonly [Priority, string, 'preemptible' | 'safe'])[] = [
    ['HIGH', 'osmo-high', 'safe'],
    ['NORMAL', 'osmo-normal', 'safe'],
    ['LOW', 'osmo-low', 'preemptible'],
  ]
  for (const [priority, priorityClass, preemptible] of table)
    it(`${priority}: ${priorityClass}, ${preemptible}`, () => assert.deepEqual(schedulingOf[priority], { priorityClass, preemptible }))
})
