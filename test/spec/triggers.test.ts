import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hasDate } from '../../src/spec/git/cron.ts'
import { asksToSkip, type Change, follows, selects } from '../../src/spec/triggers.ts'
import { diagnose, oneTask, read } from './marked.ts'

const push: Change = { event: 'push', branch: 'main', changedPaths: ['policy/net.py'], specPath: '.osmo/nav.yaml', localpaths: [] }
const tag: Change = { event: 'push', tag: 'v1.2', changedPaths: [], specPath: '.osmo/nav.yaml', localpaths: [] }
const pull: Change = {
  event: 'pull_request',
  action: 'opened',
  baseBranch: 'main',
  labels: [],
  draft: false,
  changedPaths: ['policy/net.py'],
  specPath: '.osmo/nav.yaml',
  localpaths: [],
}

const examples: readonly (readonly [on: string, change: Change, expected: 'run' | RegExp])[] = [
  ['push', push, 'run'],
  ['push', tag, 'run'],
  ['push', pull, /does not have pull_request/],
  ['[push, pull_request]', pull, 'run'],
  ['{}', push, /does not have push/],
  ['{push: }', push, 'run'],
  ['{push: {branches: [main]}}', push, 'run'],
  ['{push: {branches: [main]}}', { ...push, branch: 'topic' }, /branches does not select topic/],
  ['{push: {branches: [main]}}', tag, /no tags/],
  ['{push: {branches-ignore: [main]}}', push, /branches does not select main/],
  ['{push: {tags: ["v*"]}}', tag, 'run'],
  ['{push: {tags: ["v*"]}}', { ...tag, tag: 'x' }, /tags does not select x/],
  ['{push: {tags: ["v*"]}}', push, /no branches/],
  ['{push: {tags: ["v*"], paths: [docs/**]}}', tag, 'run'],
  ['{push: {tags: ["v*"], branches: [1.10]}}', { ...push, branch: '1.10' }, 'run'],
  ['{push: {paths: [policy/**]}}', push, 'run'],
  ['{push: {paths: [docs/**]}}', push, /paths does not select the changed file/],
  ['{push: {paths: [docs/**]}}', { ...push, changedPaths: 'unknown' }, 'run'],
  ['{push: {paths-ignore: [policy/**]}}', push, /paths does not select the changed file/],
  ['pull_request', pull, 'run'],
  ['pull_request', { ...pull, action: 'closed' }, /types does not have closed/],
  ['pull_request', { ...pull, action: 'labeled' }, /types does not have labeled/],
  ['{pull_request: {types: [closed]}}', { ...pull, action: 'closed' }, 'run'],
  ['{pull_request: {labels: [gpu]}}', pull, /none of the labels gpu/],
  ['{pull_request: {labels: [gpu]}}', { ...pull, labels: ['gpu'], action: 'labeled' }, 'run'],
  ['{pull_request: {draft: false}}', { ...pull, draft: true }, /draft/],
  ['pull_request', { ...pull, draft: true }, 'run'],
  ['{pull_request: {branches: [release/**]}}', pull, /does not select the base main/],
  ['{pull_request: {paths: ["**", "!policy/**"]}}', pull, /paths does not select the changed file/],
]

describe('on', () => {
  for (const [on, change, expected] of examples) {
    it(`${on} and ${JSON.stringify(change)}: ${expected}`, () => {
      const selection = selects(read(`on: ${on}\n${oneTask()}`).triggers, change)
      if (expected === 'run') assert.deepEqual(selection, { kind: 'run' })
      else assert.match(selection.kind === 'skip' ? selection.reason : '', expected)
    })
  }
})

describe('no on: the spec and the files that it names', () => {
  const changes: readonly (readonly [string, Change, boolean])[] = [
    ['another file', push, false],
    ['the spec itself', { ...push, changedPaths: ['.osmo/nav.yaml'] }, true],
    ['a localpath', { ...push, changedPaths: ['policy/net.py'], localpaths: ['../policy/net.py'] }, true],
    ['a file in a localpath that is a directory', { ...push, localpaths: ['../policy'] }, true],
    ['a file beside that directory', { ...push, localpaths: ['../pol'] }, false],
    ['unknown files', { ...push, changedPaths: 'unknown' }, true],
    ['a pull request that changes the spec', { ...pull, changedPaths: ['.osmo/nav.yaml'] }, true],
    ['a pull request that was closed', { ...pull, action: 'closed', changedPaths: ['.osmo/nav.yaml'] }, false],
  ]
  for (const [title, change, runs] of changes) {
    it(`${title} ${runs ? 'runs it' : 'does not run it'}`, () => assert.equal(selects(undefined, change).kind, runs ? 'run' : 'skip'))
  }
})

describe('what a section becomes', () => {
  it('labels add labeled and unlabeled to the default types', () => {
    const triggers = read(`on: {pull_request: {labels: [gpu]}}\n${oneTask()}`).triggers
    assert.deepEqual(triggers?.pullRequest?.types, ['opened', 'synchronize', 'reopened', 'ready_for_review', 'labeled', 'unlabeled'])
  })

  it('schedule, workflow_run, merge_group and workflow_dispatch', () => {
    const text = `on:
  schedule: [{cron: '17 3 * * *', timezone: Europe/Zurich}, {cron: '*/5 * * jan-mar mon'}]
  workflow_run: {specs: [train], branches: [main]}
  merge_group: {}
  workflow_dispatch:
    inputs:
      episodes: {type: number, default: 200, min: 1, max: 5000}
      scene: {type: choice, options: [shelf, bin]}
      tag: {type: string, pattern: '[a-z0-9.-]{1,40}', default: v1}
      quick: {type: boolean, default: true}
${oneTask()}`
    const triggers = read(text).triggers
    assert.deepEqual(triggers, {
      mergeGroup: {},
      schedule: [
        { cron: '17 3 * * *', timezone: 'Europe/Zurich' },
        { cron: '*/5 * * jan-mar mon', timezone: 'UTC' },
      ],
      workflowRun: { specs: ['train'], branches: { mode: 'include', patterns: ['main'] } },
      workflowDispatch: {
        inputs: {
          episodes: { type: 'number', default: 200, min: 1, max: 5000 },
          scene: { type: 'choice', options: ['shelf', 'bin'] },
          tag: { type: 'string', default: 'v1', pattern: '[a-z0-9.-]{1,40}' },
          quick: { type: 'boolean', default: true },
        },
      },
    })
    assert.equal(follows(triggers, { spec: 'train', branch: 'main' }), true)
    assert.equal(follows(triggers, { spec: 'train', branch: 'topic' }), false)
    assert.equal(follows(triggers, { spec: 'eval', branch: 'main' }), false)
  })
})

describe('words that skip', () => {
  for (const message of ['fix [skip ci]', '[ci skip] x', '[no ci]', 'x\n\n[skip actions]', '[Actions Skip]'])
    it(message, () => assert.ok(asksToSkip(message)))
  for (const message of ['skip ci', '[skip]', '']) it(`not ${message}`, () => assert.ok(!asksToSkip(message)))
})

describe('days that cron lines name', () => {
  const examples: readonly (readonly [cron: string, found: boolean])[] = [
    ['0 0 31 2 *', false],
    ['0 0 30,31 feb *', false],
    ['0 0 31 4-6/2 *', false],
    ['0 0 31 2-12/9 *', false],
    ['0 0 31 */5 *', true],
    ['0 0 31 9,11 *', false],
    ['0 0 31 2,4-6/2,11 *', false],
    ['0 0 29 2 *', true],
    ['0 0 31 4-5 *', true],
    ['0 0 31 4/1 *', true],
    ['0 0 31 */3 *', true],
    ['0 0 1-31 2 *', true],
    ['0 0 */31 2 *', true],
    ['0 0 31 2 mon', true],
    ['0 0 * 2 *', true],
  ]
  for (const [cron, found] of examples) it(`${cron}: ${found ? 'some' : 'none'}`, () => assert.equal(hasDate(cron), found))
})

describe('triggers that are said to select nothing', () => {
  const examples: readonly (readonly [on: string, said: boolean])[] = [
    ['push: {branches-ignore: []}', false],
    ['push: {paths: [.github/**, a/b]}', false],
    ['push: {paths: ["!./b", a]}', true],
    ['pull_request: {types: [opened], labels: [gpu]}', false],
    ['push: {tags: []}', true],
  ]
  for (const [on, said] of examples) {
    it(`${on}: ${said ? 'said' : 'not said'}`, () => {
      const codes = diagnose(`on: {${on}}\n${oneTask()}`).map(({ code }) => code)
      assert.deepEqual(codes, said ? ['semantic/selects-nothing'] : [])
    })
  }
})
