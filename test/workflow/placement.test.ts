import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Origin, WorkflowSpec } from '../../src/spec/types.ts'
import { place, tierIsAtMost, tierOf } from '../../src/workflow/placement.ts'
import { platforms, platformsOf, platformText, specOf } from './specs.ts'

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
      'failure',
      /Platform bench .* does not exist in pool cloud/,
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

  it('has the highest tier of what its tasks use', () => {
    const both = specOf(
      'workflow:\n  name: r\n  resources:\n    default: {platform: sim}\n    bench: {platform: bench}\n  tasks:\n    - {name: a, image: i, command: [x]}\n    - {name: b, image: i, command: [x], resource: bench}\n',
    )
    const result = placed(both)
    assert.equal(result.kind === 'placed' && tierOf(result.placement), 'hardware')
    assert.deepEqual([tierIsAtMost('none', 'sim'), tierIsAtMost('sim', 'sim'), tierIsAtMost('gpu', 'sim')], [true, true, false])
  })
})
