import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { anInstallation, type TestInstallation } from '../harness/installation.ts'
import { specText } from '../harness/specs.ts'

/** What a task leaves as its benchmark file, by shell; and what the report must say about it. */
const broken: readonly (readonly [title: string, script: string, said: RegExp])[] = [
  ['no file', 'true', /no file speed\.json in the output, which is empty/],
  ['a file of another name', 'echo \'{"speed": 5}\' > {{output}}/sped.json', /no file speed\.json/],
  ['an empty file', ': > {{output}}/speed.json', /empty/],
  ['truncated JSON', 'printf \'{"speed": 5\' > {{output}}/speed.json', /unmeasured/],
  ['NaN', 'echo \'{"speed": NaN}\' > {{output}}/speed.json', /unmeasured/],
  ['NaN in a string', 'echo \'{"speed": "nan"}\' > {{output}}/speed.json', /unmeasured/],
  ['infinity', 'echo \'{"speed": 1e999}\' > {{output}}/speed.json', /unmeasured/],
  ['null', 'echo \'{"speed": null}\' > {{output}}/speed.json', /unmeasured/],
  ['another metric only', 'echo \'{"sped": 5}\' > {{output}}/speed.json', /unmeasured/],
  ['the metric twice', 'echo \'{"speed": 5, "speed": 6}\' > {{output}}/speed.json', /unmeasured/],
  ['no trials', 'echo \'{"metrics": {"speed": {"k": 0, "n": 0}}}\' > {{output}}/speed.json', /unmeasured/],
  ['a directory', 'mkdir {{output}}/speed.json', /unmeasured/],
  ['nine megabytes', 'head -c 9000000 /dev/zero > {{output}}/speed.json', /unmeasured/],
]
const nameOf = (index: number) => `broken-${index}`
const gated = 'benchmarks:\n  - {task: work, path: speed.json, metrics: {speed: {gate: true, min: 1, direction: higher}}}'
const files = Object.fromEntries(
  broken.map(([, script], index) => [
    `.osmo/${nameOf(index)}.yaml`,
    specText({ name: nameOf(index), script, sections: `on:\n  push: {branches: [main]}\n  pull_request: {}\n\n${gated}` }),
  ]),
)
const healthy = {
  '.osmo/healthy.yaml': specText({
    name: 'healthy',
    script: 'echo \'{"speed": 5}\' > {{output}}/speed.json',
    sections: `on: [push, pull_request]\n\n${gated}`,
  }),
  '.osmo/silent.yaml': specText({
    name: 'silent',
    script: 'true',
    sections: 'on: [push, pull_request]\n\nbenchmarks:\n  - {task: work, path: speed.json}',
  }),
}

let world: TestInstallation
let pushed: string
let proposed: string
before(async () => {
  world = await anInstallation()
  await world.push('main', { 'README.md': 'robot' })
  pushed = await world.push('main', { ...files, ...healthy })
  proposed = await world.push('change', { 'README.md': 'a better robot' }, 'main')
  await world.openPullRequest('change', 'A better robot')
})
after(() => world.end())

for (const [event, sha] of [
  ['a push', () => pushed],
  ['a pull request', () => proposed],
] as const) {
  for (const [index, [title, , said]] of broken.entries())
    it(`on ${event} a gate whose task leaves ${title} is red`, async () => {
      const check = await world.conclusion(sha(), `osmo / ${nameOf(index)}`)
      assert.equal(check.conclusion, 'failure')
      assert.match(check.output.title ?? '', /speed unmeasured/)
      assert.match(check.output.summary ?? '', said)
    })

  it(`on ${event} a benchmark without gates that measured nothing is not green`, async () => {
    assert.equal((await world.conclusion(sha(), 'osmo / silent')).conclusion, 'neutral')
  })

  it(`on ${event} the same gate is green once it is measured`, async () => {
    assert.equal((await world.conclusion(sha(), 'osmo / healthy')).conclusion, 'success')
  })
}
