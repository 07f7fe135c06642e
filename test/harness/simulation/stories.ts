import type { DomainEvent } from '../../../src/engine/domain-event.ts'
import { actor, type createGithub, type Files, robot } from '../world.ts'
import type { Behaviour, Machine } from './machine.ts'

export type Github = ReturnType<typeof createGithub>
/** What people do, each once its time has come, in order. */
export type Act = { readonly when: (github: Github, machine: Machine) => boolean; readonly event: (github: Github) => DomainEvent }
export type Story = {
  readonly name: string
  readonly title: string
  readonly files: Files
  readonly behaviour: Behaviour
  readonly acts: readonly Act[]
  /** In the history that nothing disturbs. */
  readonly ending: RegExp
}

const task = (name: string, more: string) => `{name: ${name}, image: i, command: [x]${more}}`
const rescheduled = ', exitActions: {RESCHEDULE: "42"}'

/** `generate`, then the gang of `train` and the server it talks to, then `evaluate`. */
const chain = [
  'on: [push, pull_request]',
  'workflow:',
  '  name: reach',
  '  groups:',
  `    - {name: data, tasks: [${task('generate', '')}]}`,
  `    - name: training\n      tasks:\n        - ${task('train', `, lead: true, inputs: [{task: generate}]${rescheduled}`)}\n        - ${task('server', '')}`,
  `    - {name: last, tasks: [${task('evaluate', ', inputs: [{task: train}]')}]}`,
  '',
].join('\n')
const files = { '.osmo/reach.yaml': chain }

/** The server serves until its gang is over; the first try of the lead asks for another. */
const behaviour: Behaviour = ({ task, attempt }) => (task === 'server' ? 'hang' : task === 'train' && attempt === 0 ? 42 : 0)

const pullRequestOpened: Act = {
  when: () => true,
  event: (github) => ({
    kind: 'pull-request-changed',
    repository: robot,
    action: 'opened',
    number: 1,
    headSha: github.head('next'),
    headRef: 'next',
    headRepositoryId: robot.id,
    baseRef: 'main',
    defaultBranch: 'main',
    draft: false,
    author: actor('mara'),
    sender: actor('mara'),
  }),
}

function comment(commentId: number, body: string, when: Act['when']): Act {
  return {
    when,
    event: () => ({
      kind: 'comment-written',
      repository: robot,
      action: 'created',
      number: 1,
      on: 'pull-request',
      commentId,
      body,
      previousBody: '',
      author: actor('mara'),
      viaAppId: undefined,
      sender: actor('mara'),
    }),
  }
}

const isConcluded = ({ checks }: Github) => checks.size > 0 && [...checks.values()].every(({ state }) => state.status === 'completed')

export const stories: readonly Story[] = [
  {
    name: 'chain',
    title: 'a chain with a gang that is tried again',
    files,
    behaviour,
    acts: [pullRequestOpened],
    ending: /train#0 FAILED 42\n.*train#1 COMPLETED 0\n.*osmo \/ reach \w+ completed success/s,
  },
  {
    name: 'cancel',
    title: 'a cancel while the gang runs',
    files,
    behaviour: (run) => (run.task === 'train' ? 'hang' : behaviour(run)),
    acts: [pullRequestOpened, comment(9001, '/osmo cancel', (_, machine) => machine.isRunning('train'))],
    ending: /generate#0 COMPLETED 0\n.*train#0 FAILED_CANCELED 143\n.*osmo \/ reach \w+ completed cancelled/s,
  },
  {
    name: 'rerun',
    title: 'a rerun of what failed',
    files,
    behaviour: (run) => (run.task === 'train' ? 0 : run.task === 'evaluate' && run.workflow === 'reach-1' ? 1 : behaviour(run)),
    acts: [pullRequestOpened, comment(9001, '/osmo rerun failed', isConcluded)],
    ending: /reach-1 FAILED evaluate#0 FAILED 1\n.*reach-2\/evaluate#0\n.*completed failure.*completed success/s,
  },
]
