import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { place } from '../../../src/spec/pool/placement.ts'
import type { Origin, WorkflowSpec } from '../../../src/spec/types.ts'
import { platforms, platformsOf, platformText, specOf } from '../../workflow/specs.ts'

const on = (platform: string | undefined, more = '') =>
  specOf(
    `workflow:\n  name: reach\n  resources:\n    default: {cpu: 1${platform ? `, platform: ${platform}` : ''}}\n  tasks:\n    - {name: a, image: i, command: [x]${more}}\n`,
  )
const placed = (spec: WorkflowSpec, repository = 'acme/arm', origin: Origin = 'trusted', pool: readonly string[] = []) =>
  place(spec, repository, origin, pool, platforms)

describe('The place of a spec', () => {
  const table: readonly (readonly [title: string, result: ReturnType<typeof place>, pool: string, platform: string])[] = [
    ['is the first pool of its rule, on its default platform', placed(on(undefined)), 'lab', 'sim'],
    ['is the pool that has its platform', placed(on('gpu')), 'cloud', 'gpu'],
    ["follows the repository's preference", placed(on('sim'), 'acme/arm', 'trusted', ['cloud']), 'cloud', 'sim'],
    ['ignores a preference for a pool that it may not use', placed(on('sim'), 'acme/arm', 'trusted', ['moon', 'lab']), 'lab', 'sim'],
    ['depends on whose code it is', placed(on('sim'), 'acme/arm', 'untrusted'), 'cloud', 'sim'],
    ['ignores case in the name of a repository', placed(on('sim'), 'ACME/Arm'), 'lab', 'sim'],
  ]
  for (const [title, result, pool, platform] of table)
    it(title, () => {
      assert.equal(result.kind, 'placed')
      assert.deepEqual(result.kind === 'placed' && [result.placement.pool, result.placement.platforms.get('default')?.name], [
        pool,
        platform,
      ])
    })

  const refusals: readonly (readonly [title: string, result: ReturnType<typeof place>, conclusion: string, words: RegExp])[] = [
    [
      'a repository that no rule names',
      placed(on('sim'), 'evil/arm'),
      'action_required',
      /No rule of this installation matches the repository evil\/arm/,
    ],
    [
      'the first rule that matches, even where a later one would allow it',
      placed(on('sim'), 'acme/private', 'untrusted'),
      'action_required',
      /No pool .* untrusted/,
    ],
    ['a name that merely begins like one that is allowed', placed(on('sim'), 'acme-evil/arm'), 'action_required', /No rule/],
    [
      'code whose origin no pool takes',
      placed(on('bench'), 'acme/arm', 'untrusted'),
      'action_required',
      /^Platform bench is in pool lab, which takes trusted and approved code, and this code is untrusted: it may not use it\. The change comes from somebody without write permission/,
    ],
    [
      'a platform that no pool has',
      placed(on('moon')),
      'failure',
      /Platform moon of resource default does not exist in pool lab. It has: sim, bench/,
    ],
    ['privileged tasks', placed(on('sim', ', privileged: true')), 'failure', /asks for privileged/],
    ["the host's network", placed(on('sim', ', hostNetwork: true')), 'failure', /asks for hostNetwork/],
    ['mounts', placed(on('sim', ', volumeMounts: ["/etc:/etc"]')), 'failure', /mounts \/etc:\/etc/],
  ]
  for (const [title, result, conclusion, words] of refusals)
    it(`is refused to ${title}`, () => {
      assert.equal(result.kind, 'refused')
      assert.ok(result.kind === 'refused')
      assert.equal(result.conclusion, conclusion)
      assert.match(result.reason, words)
    })

  it('is refused on a platform whose every run needs an approval, which nobody can give yet', () => {
    const careful = platformsOf(platformText.replace('exclusive: true,', 'exclusive: true, approval: always,'))
    const result = place(on('bench'), 'acme/arm', 'trusted', [], careful)
    assert.ok(result.kind === 'refused')
    assert.equal(result.conclusion, 'action_required')
    assert.match(result.reason, /A person has to approve each run on platform bench/)
    assert.equal(place(on('sim'), 'acme/arm', 'trusted', [], careful).kind, 'placed')
  })

  it('needs a platform, and hears which there are in all its pools', () => {
    const without = platformsOf(platformText.replaceAll('default_platform: sim', 'description: x'))
    const result = place(on(undefined), 'acme/arm', 'trusted', [], without)
    assert.match(result.kind === 'refused' ? result.reason : '', /Name one of: sim, bench\. Pool cloud has: sim, gpu\.$/)
  })

  it('needs a platform', () => {
    const none = platformsOf(
      'backends: {h: {kind: local}}\npools:\n  p: {backend: h, platforms: {a: {tier: sim}}}\nrepositories:\n  - {match: ["*/*"], pools: {p: [trusted]}}\n',
    )
    const result = place(on(undefined), 'acme/arm', 'trusted', [], none)
    assert.match(
      result.kind === 'refused' ? result.reason : '',
      /does not have a platform, and pool p has no default_platform. Name one of: a/,
    )
  })
})

describe('A pattern of a repository rule', () => {
  const table: readonly (readonly [pattern: string, repository: string, 'matches' | 'does not match'])[] = [
    ['acme/sec*', 'acme/secret', 'matches'],
    ['acme/sec*', 'Acme/SECRET', 'matches'],
    ['Acme/Sec*', 'acme/secret', 'matches'],
    ['acme/sec*', 'acme/arm', 'does not match'],
    ['acme/*-arm-*', 'acme/left-arm-2', 'matches'],
    ['acme/*-arm-*', 'acme/left-leg-2', 'does not match'],
    ['acme/arm.x', 'acme/armyx', 'does not match'],
    ['acme/arm', 'acme/arm-2', 'does not match'],
    ['acme*/arm', 'acme-labs/arm', 'matches'],
    ['*/arm', 'evil/arm', 'matches'],
    ['*/*', 'evil/arm', 'matches'],
    ['acme/*', 'evil/acme', 'does not match'],
  ]
  for (const [pattern, repository, answer] of table)
    it(`${pattern} ${answer} ${repository}, and the next rule is asked only where it does not`, () => {
      const closed = platformsOf(
        `backends: {h: {kind: local}}\npools:\n  p: {backend: h, default_platform: a, platforms: {a: {tier: hardware}}}\nrepositories:\n  - {match: [x/y, '${pattern}'], pools: {}}\n  - {match: ['*/*'], pools: {p: [trusted]}}\n`,
      )
      assert.equal(place(on(undefined), repository, 'trusted', [], closed).kind, answer === 'matches' ? 'refused' : 'placed')
    })
})

/** One pool with rules and a quota beside one that has another platform. */
const ruled = platformsOf(`
backends: {here: {kind: local}}
pools:
  lab: {backend: here, default_platform: bench, platforms: {bench: {tier: hardware}}}
  cloud:
    backend: here
    default_platform: l40s
    topology_keys: [{key: zone, label: z}]
    resources: {gpu: {guarantee: 8, maximum: 16}}
    common_default_variables: {USER_CPU: 2}
    common_resource_validations: [cpu, node]
    platforms: {l40s: {tier: sim}, h100: {tier: gpu, default_variables: {USER_CPU: 6, USER_GPU: 5}}}
resource_validations:
  cpu: [{operator: LE, left_operand: '{{USER_CPU}}', right_operand: '4', assert_message: 'CPU {{USER_CPU}} is above 4'}]
  node: [{operator: LE, left_operand: '{{USER_CPU}}', right_operand: '{{K8_CPU}}', assert_message: 'no such node'}]
repositories: [{match: ['*/*'], pools: {lab: [trusted], cloud: [trusted]}}]
workflow: {max_num_tasks: 3}
`)

/** Resources, tasks as `resource` or `resource, key: value`, and what each fault says and is about. */
const manyFaults: readonly (readonly [resources: string, tasks: readonly string[], faults: readonly (readonly [RegExp, string])[]])[] = [
  ['default: {platform: l40s}', ['default'], []],
  ['default: {platform: l40s, cpu: 4}', ['default'], []],
  ['default: {platform: l40s, cpu: 8}', ['default'], [[/rule of platform l40s in pool cloud: CPU 8 is above 4\. /, 'resource default']]],
  ['a: {platform: l40s, cpu: 8}', ['a', 'a'], [[/CPU 8 is above 4/, 'resource a']]],
  ['a: {platform: h100, gpu: 1}', ['a'], [[/CPU 6 is above 4/, 'resource a']]],
  ['a: {platform: h100, cpu: 1, gpu: 8}', ['a', 'a'], []],
  ['a: {platform: h100, cpu: 1, gpu: 9}', ['a'], [[/Group t0-group asks for 9 GPUs .* guarantee of pool cloud is 8/, 'resource a']]],
  ['a: {platform: h100, cpu: 1, gpu: 64}', ['a'], [[/asks for 64 GPUs/, 'resource a']]],
  [
    'default: {platform: l40s}',
    ['default, privileged: true, hostNetwork: true, volumeMounts: ["/etc:/x"]', 'default, privileged: true'],
    [
      [/t0 asks for privileged, which platform l40s/, 'task t0'],
      [/t0 asks for hostNetwork/, 'task t0'],
      [/t0 mounts \/etc:\/x/, 'data t0'],
      [/t1 asks for privileged/, 'task t1'],
    ],
  ],
  [
    'a: {platform: h1000}, b: {platform: a10}, c: {platform: l40s, cpu: 9}',
    ['a', 'b', 'c'],
    [
      [/h1000 of resource a .* pool cloud\. It has: l40s, h100\. Did you mean "h100"\? Pool lab has: bench\./, 'resource a'],
      [/a10 of resource b/, 'resource b'],
      [/CPU 9 is above 4/, 'resource c'],
    ],
  ],
  ['a: {platform: l40s, topology: [{key: zonee}]}', ['a'], [[/"zonee" in resource "a" .* Did you mean "zone"/, 'resource a']]],
  [
    'a: {platform: bench}, b: {platform: l40s}',
    ['a', 'b'],
    [
      [
        /l40s of resource b does not exist in pool lab\. It has: bench\. Pool cloud has it, but all tasks of a workflow run in one/,
        'resource b',
      ],
    ],
  ],
  [
    'a: {platform: bench}',
    ['a', 'a', 'a', 'a', 'a, outputs: [{url: s3://x/y}]'],
    [
      [/cannot have more than 3 tasks; it has 5/, 'task t3'],
      [/cannot store the output/, 'data t4'],
    ],
  ],
]

describe('The faults of a spec are those of the pool that comes nearest, all at once', () => {
  for (const [resources, tasks, expected] of manyFaults)
    it(`${resources} for ${tasks.join(' and ')}`, () => {
      const lines = tasks.map((task, index) => `    - {name: t${index}, image: i, command: [x], resource: ${task}}\n`)
      const text = `workflow:\n  name: r\n  resources: {${resources}}\n  tasks:\n${lines.join('')}`
      const result = place(specOf(text), 'acme/arm', 'trusted', [], ruled)
      const faults = result.kind === 'refused' ? result.faults : []
      const about = faults.map((fault) => fault.about)
      assert.deepEqual(
        about.map((part) => part && `${part.kind} ${'name' in part ? part.name : 'task' in part ? part.task : ''}`),
        expected.map(([, part]) => part),
        JSON.stringify(faults),
      )
      for (const [index, [words]] of expected.entries()) assert.match(faults[index]?.reason ?? '', words)
    })

  it('and as many as anyone reads', () => {
    const lines = Array.from({ length: 300 }, (_, index) => `    - {name: t${index}, image: i, command: [x], privileged: true}\n`)
    const result = place(specOf(`workflow:\n  name: r\n  tasks:\n${lines.join('')}`), 'acme/arm', 'trusted', [], platforms)
    assert.ok(result.kind === 'refused')
    assert.equal(result.faults.length, 201)
    assert.match(result.faults.at(-1)?.reason ?? '', /^And 100 more/)
    assert.match(result.reason, /^Task t0 .* And 299 more\.$/)
  })

  it('code that nobody trusts hears that a pool would take it once approved', () => {
    const result = place(
      on('sim'),
      'acme/private',
      'untrusted',
      [],
      platformsOf(platformText.replace('lab: [trusted]}', 'lab: [trusted, approved]}')),
    )
    assert.match(
      result.kind === 'refused' ? result.reason : '',
      /Pool lab would take it once approved, but this version cannot take an approval yet/,
    )
  })
})
