import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, it } from 'node:test'
import { anInstallation, type Check, type Comment, repository, type TestInstallation, until } from '../harness/installation.ts'
import { specText, taskText } from '../harness/specs.ts'

const on = 'on: {pull_request: {}}'
const mark = `sleeper-${process.pid}`

let world: TestInstallation
let number: number
let sha: string
before(async () => {
  world = await anInstallation()
  await world.admin('grant', { repository, login: 'sam', role: 'read' })
  await world.push('main', { 'README.md': 'robot' })
  sha = await world.push(
    'change',
    {
      '.osmo/flaky.yaml': specText({
        name: 'flaky',
        script: 'echo data > {{output}}/data',
        sections: on,
        tasks: taskText('judge', 'cat {{input:0}}/data; exit 4', ['work']),
      }),
      '.osmo/steady.yaml': specText({ name: 'steady', script: 'true', sections: on }),
      '.osmo/long.yaml': specText({
        name: 'long',
        script: `trap 'sleep 1; exit 0' TERM; : ${mark}; while :; do sleep 0.1; done`,
        sections: 'on: {workflow_dispatch: {inputs: {tag: {type: string}}}}',
      }),
    },
    'main',
  )
  number = await world.openPullRequest('change', 'A change')
  await world.conclusion(sha, 'osmo / flaky')
  await world.conclusion(sha, 'osmo / steady')
})
after(() => world.end())

type Answer = { readonly reaction: string; readonly reply: string }

const reactionTo = (id: number) => until(`a reaction to comment ${id}`, async () => (await world.reactions(id))[0])
const replyTo = async (id: number): Promise<Comment | undefined> =>
  (await world.comments(number)).find(
    ({ body, author }) => author === 'osmo-runner[bot]' && body.includes(`<!-- osmo:answer comment=${id} -->`),
  )

/** What the app did about a comment that wants words. */
async function answer(id: number): Promise<Answer> {
  const reaction = await reactionTo(id)
  return { reaction, reply: (await until(`a reply to comment ${id}`, () => replyTo(id))).body }
}
const say = async (body: string, as?: string) => answer(await world.comment(number, body, as))
/** For what is done in silence; the comment's id. */
async function command(body: string): Promise<number> {
  const id = await world.comment(number, body)
  assert.equal(await reactionTo(id), '+1')
  return id
}
/** A command that must do nothing is followed by one that is answered: by then the first was read. */
async function assertNothing(body: string): Promise<void> {
  const id = await world.comment(number, body)
  await say('/osmo status')
  assert.deepEqual(await world.reactions(id), [])
}

const runsOf = async (name: string) =>
  (await world.admin<{ id: number; name: string; status: string; conclusion: string | null }[]>('checkRuns', { repository, sha })).filter(
    (run) => run.name === `osmo / ${name}`,
  )
const newest = async (name: string): Promise<Check> => (await world.checks(sha)).find((check) => check.name === `osmo / ${name}`)!
const settled = (name: string, runs: number) =>
  until(`${runs} concluded runs of ${name}`, async () => {
    const all = await runsOf(name)
    return all.length >= runs && all.every(({ status }) => status === 'completed') ? all : undefined
  })
const isAlive = () =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .some((pid) => commandLine(pid).includes(`: ${mark};`))
const reportsOf = async () => (await world.comments(number)).filter(({ body }) => body.includes('<!-- osmo:report'))

it('/osmo help says what there is', async () => {
  const { reaction, reply } = await say('/osmo help')
  assert.equal(reaction, '+1')
  assert.match(reply, /`\/osmo rerun`/)
})

it('/osmo status says how each spec stands', async () => {
  const { reply } = await say('/osmo status')
  assert.match(reply, /\*\*flaky\*\* \(`flaky-1`\): failure/)
  assert.match(reply, /\*\*steady\*\* \(`steady-1`\): success/)
  assert.match(reply, /judge \| failed with exit code 4/)
})

it('nonsense is answered with what was probably meant', async () => {
  const { reaction, reply } = await say('/osmo rerum')
  assert.equal(reaction, 'confused')
  assert.match(reply, /I do not know `rerum`\. Did you mean `rerun`\?/)
})

it('an unknown spec is answered with those that there are', async () => {
  const { reaction, reply } = await say('/osmo rerun stedy')
  assert.equal(reaction, 'confused')
  assert.match(reply, /There is no spec `stedy`.*`flaky`, `steady`/)
})

for (const [title, body] of [
  ['a quotation', '> /osmo rerun all'],
  ['a code block', '```\n/osmo rerun all\n```'],
  ['indented code', 'So:\n\n    /osmo rerun all'],
  ['HTML', '<details>\n\n/osmo rerun all\n\n</details>'],
  ['a comment in HTML', '<!--\n/osmo rerun all\n-->'],
  ['the middle of a line', 'I would not use /osmo rerun all here'],
  ['another word', '/osmosis rerun all'],
] as const)
  it(`a command in ${title} does nothing`, async () => {
    await assertNothing(body)
    assert.equal((await runsOf('steady')).length, 1)
  })

it('a stranger may ask, and is refused what needs permission, with what it needs', async () => {
  assert.equal((await say('/osmo status', 'sam')).reaction, '+1')
  const { reaction, reply } = await say('/osmo rerun all', 'sam')
  assert.equal(reaction, '-1')
  assert.match(reply, /`\/osmo rerun` needs write permission on this repository; sam has read\./)
  assert.equal((await runsOf('steady')).length, 1)
})

for (const body of ['/osmo rerun @everyone', '/osmo rerun "@everyone `x` <b>"', '/osmo @everyone'])
  it(`what a reply quotes of ${body} mentions nobody and is no markup`, async () => {
    const { reaction, reply } = await say(body)
    assert.equal(reaction, 'confused')
    assert.doesNotMatch(reply.replace(/<!--.*?-->/g, '').replace(/`[^`]*`/g, ''), /@|<|\$\(/)
  })

it('/osmo rerun failed runs again what failed, on the outputs of what did not', async () => {
  const id = await command('/osmo rerun failed')
  await settled('flaky', 2)
  assert.equal(await replyTo(id), undefined, 'what goes as wished needs no words')
  const check = await newest('flaky')
  assert.equal(check.conclusion, 'failure')
  assert.match(check.output.summary ?? '', /✅ \| work \| completed/)
  assert.equal((await runsOf('steady')).length, 1)
})

it('several commands in one comment run in order, and share one reaction and one reply', async () => {
  const { reaction, reply } = await say('Please:\n/osmo rerun steady\n\n/osmo nonsense\n\n/osmo help')
  assert.equal(reaction, 'confused')
  assert.match(reply, /I do not know `nonsense`[\s\S]*What I understand/)
  await settled('steady', 2)
})

it('an edited comment runs the commands that were added, once', async () => {
  const id = await world.comment(number, '/osmo rerun steady\n')
  await settled('steady', 3)
  await world.admin('editComment', { id, as: 'mara', body: '/osmo rerun steady\n\nand, please,\n' })
  await world.admin('editComment', { id, as: 'mara', body: '/osmo rerun steady\n\nand, please,\n\n/osmo rerun flaky' })
  await settled('flaky', 3)
  assert.equal((await runsOf('steady')).length, 3)
})

it('an edit by a stranger is judged by the stranger', async () => {
  const id = await world.comment(number, 'Looks good', 'sam')
  await world.admin('editComment', { id, as: 'sam', body: 'Looks good\n\n/osmo rerun all' })
  assert.equal((await answer(id)).reaction, '-1')
})

it('the button re-runs for a maintainer, and not for a stranger', async () => {
  const before = (await runsOf('steady')).length
  const { id } = await newest('steady')
  await world.admin('rerequest', { checkRunId: id, as: 'sam' })
  await world.admin('rerequest', { checkRunId: id, as: 'mara' })
  await settled('steady', before + 1)
  await say('/osmo status')
  assert.equal((await runsOf('steady')).length, before + 1)
})

it('a spec without events runs by hand only, and only with what it declares', async () => {
  assert.equal((await runsOf('long')).length, 0)
  assert.match((await say('/osmo run long nothing=1')).reply, /`nothing` is not an input of this spec\. It declares `tag`/)
  assert.match((await say('/osmo run long tag="$(id)"')).reply, /`tag` does not take/)
  await command('/osmo run long tag=v1')
  await until('the sleeper to run', async () => (isAlive() ? true : undefined))
})

it('/osmo cancel concludes the check only after the process has gone', async () => {
  await command('/osmo cancel')
  const check = await until('the check to conclude', async () => {
    const found = await newest('long')
    return found.status === 'completed' ? found : undefined
  })
  assert.equal(isAlive(), false)
  assert.equal(check.conclusion, 'cancelled')
  assert.match(check.output.title ?? '', /Cancelled by mara/)
})

it('/osmo cancel with nothing to cancel says so', async () => {
  assert.match((await say('/osmo cancel')).reply, /Nothing is running here/)
})

it('there is one report, and a copy of its marker by somebody else is left alone', async () => {
  const [own] = await reportsOf()
  const planted = await world.comment(number, `${own?.body.split('\n')[0]}\nEverything is green`, 'sam')
  const before = (await runsOf('steady')).length
  await command('/osmo rerun steady')
  await settled('steady', before + 1)
  const all = await reportsOf()
  assert.deepEqual(
    all.map(({ id, author }) => [id, author]),
    [
      [own?.id, 'osmo-runner[bot]'],
      [planted, 'sam'],
    ],
  )
  assert.match(all[1]?.body ?? '', /Everything is green$/)
})

it('a report that somebody deleted is written anew', async () => {
  const [own] = await reportsOf()
  await world.admin('deleteComment', { id: own!.id, as: 'mara' })
  const before = (await runsOf('steady')).length
  await command('/osmo rerun steady')
  await settled('steady', before + 1)
  await until('a new report', async () => (await reportsOf()).find(({ id, author }) => author === 'osmo-runner[bot]' && id !== own!.id))
})

it('a comment on a pull request that was closed cancels nothing and starts nothing', async () => {
  await world.admin('close', { repository, number, as: 'mara' })
  const before = (await runsOf('steady')).length
  const { reaction, reply } = await say('/osmo run steady')
  assert.equal(reaction, 'confused')
  assert.match(reply, /closed/)
  assert.equal((await runsOf('steady')).length, before)
})

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
