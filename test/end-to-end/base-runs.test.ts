import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { anInstallation, type TestInstallation, until } from '../harness/installation.ts'
import { specText, taskText } from '../harness/specs.ts'

/** The score is what `work` learned from its tree, so the base arm has a score of its own only with what was trained at the merge base. */
const spec = specText({
  name: 'reach',
  script: 'sleep 3; cp /osmo/repository/skill {{output}}/policy',
  sections: [
    'on:\n  push: {branches: [release]}\n  pull_request: {}\n',
    'checkout: true\n',
    'benchmarks:',
    '  - {name: reach, task: evaluate, path: eval.json, metrics: {score: {gate: true, max-regression: 10%, direction: higher}}, compare: {pairs: 8, warmup: 0, seed: 1, base: run}}',
  ].join('\n'),
  tasks: taskText('evaluate', 'echo "{\\"score\\": $(cat {{input:0}}/policy)}" > {{output}}/eval.json', ['work']),
})

let world: TestInstallation
before(async () => {
  world = await anInstallation()
})
after(() => world.end())

it('upstream tasks run once at the merge base for two pull requests, and a kill in the middle changes nothing', async () => {
  const main = await world.push('main', { '.osmo/reach.yaml': spec, skill: '50' })
  const heads = [await world.push('better', { skill: '80' }, 'main'), await world.push('worse', { skill: '30' }, 'main')]
  await world.openPullRequest('better', 'Learns more')
  await world.openPullRequest('worse', 'Learns less')
  await until('one says which workflow it waits for', async () => {
    const checks = (await Promise.all(heads.map((sha) => world.checks(sha)))).flat()
    return checks.some(({ output }) => /`reach-\d` is making outputs of/.test(output.summary ?? '')) || undefined
  })
  await world.kill()
  await world.start()
  const [better, worse] = await Promise.all(heads.map((sha) => world.conclusion(sha, 'osmo / reach')))
  assert.deepEqual([better?.conclusion, worse?.conclusion], ['success', 'failure'])
  assert.match(better?.output.summary ?? '', /\| 50 \| 80 \|/)
  assert.match(worse?.output.summary ?? '', /\| 50 \| 30 \|/)
  const workflows = new Set(world.logLines().flatMap(({ msg, workflow }) => (msg === 'state' ? [workflow] : [])))
  assert.equal(workflows.size, 3)
  assert.deepEqual(
    (await world.checks(main)).filter(({ name }) => name === 'osmo / reach'),
    [],
  )
})
