import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { gitPush } from '../harness/git-push.ts'
import { anInstallation, type Check, repository, type TestInstallation, until } from '../harness/installation.ts'
import { specText } from '../harness/specs.ts'

/** What would run if any of it reached a shell leaves a file here. */
const traces = mkdtempSync(join(tmpdir(), 'osmo-hostile-'))
const trace = (name: string) => join(traces, name)
const env = 'env | sort; echo "ref=$GITHUB_HEAD_REF"; exit 1'

let world: TestInstallation
before(async () => {
  world = await anInstallation()
  await world.admin('grant', { repository, login: 'sam', role: 'read' })
  await world.push('main', { '.osmo/hello.yaml': specText({ name: 'hello', script: 'true' }), 'README.md': 'robot' })
})
after(async () => {
  await world.end()
  rmSync(traces, { recursive: true, force: true })
})

/** What GitHub would make a link, a mention, or markup of; code spans and fences hold anything. */
const rendered = (markdown: string) =>
  markdown
    .replace(/^(`{3,})[\s\S]*?^\1$/gm, '')
    .replace(/`[^`\n]*`/g, '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
function assertHarmless(markdown: string, what: string): void {
  assert.doesNotMatch(rendered(markdown), /@(everyone|mara|acme)/, `${what} mentions somebody: ${markdown}`)
  const raw = markdown.replace(/^(`{3,})[\s\S]*?^\1$/gm, '').replace(/`[^`\n]*`/g, '')
  assert.doesNotMatch(raw, /<(img|script|b)\b|!\[|\]\(javascript|\]\(https?:\/\/evil/, `${what} holds markup: ${markdown}`)
}
const textOf = ({ output, name }: Check) => `${output.title}\n\n${output.summary}\n\n${name}`

it('hostile branch, title, message and file names run nowhere, and are only text in what we write', async () => {
  const branch = `x"$(touch\${IFS}${traces}/branch)\`touch\${IFS}${traces}/ticks\`;'@everyone`.replaceAll('//', '/')
  const sha = await gitPush(world, {
    branch,
    message: `$(touch ${trace('message')}) \`touch ${trace('message-ticks')}\` @everyone\n\n]]> <img src=x onerror=alert(1)>`,
    write(directory) {
      const hostileNames = ['$(touch traces)', '`id`', '@everyone <b>', 'new\nline', ']]>', '--upload-pack=id', '![x](https:evil)']
      for (const name of hostileNames) writeFileSync(join(directory, name), name)
      mkdirSync(join(directory, '.osmo/bench'), { recursive: true })
      writeFileSync(join(directory, '.osmo/bench/@everyone <img src=x>.yaml'), 'workflow: [@everyone <b>]')
      writeFileSync(
        join(directory, '.osmo/$(id) `@mara` ![x](y).yaml'),
        specText({ name: 'odd', script: 'exit 1', sections: 'on: pull_request' }),
      )
      writeFileSync(
        join(directory, '.osmo/env.yaml'),
        specText({ name: 'env', script: env, sections: 'on: pull_request\n\ncheckout: true' }),
      )
    },
  })
  const title = `$(touch ${trace('title')}) \`touch ${trace('title-ticks')}\` @everyone ]]> <script>alert(1)</script> ![x](https://evil.example)`
  const number = await world.openPullRequest(branch, title)
  const check = await world.conclusion(sha, 'osmo / env')
  assert.equal(check.conclusion, 'failure')
  assert.ok((check.output.summary ?? '').includes('ref=x"$(touch'), 'the branch reaches the task, as its environment says it')
  await world.conclusion(sha, 'osmo / config')
  await world.conclusion(sha, 'osmo / $(id) `@mara` ![x](y)')
  const report = await until('a report', async () =>
    (await world.comments(number)).find(({ body }) => body.includes('osmo:report') && body.includes('odd-1')),
  )
  for (const one of await world.checks(sha)) assertHarmless(textOf(one).replace(one.name, ''), one.name)
  assertHarmless(report.body, 'the report')
  assert.deepEqual(
    ['branch', 'ticks', 'message', 'message-ticks', 'title', 'title-ticks'].filter((name) => existsSync(trace(name))),
    [],
  )
})

it('what a task prints cannot leave its fence', async () => {
  const script = 'printf "%s\\n" "\\`\\`\\`\\`" "</details> @everyone <img src=x>" "::error::x" "\\033[31mred \\033]0;title\\007"; exit 1'
  const sha = await world.push('main', { '.osmo/hello.yaml': specText({ name: 'hello', script, sections: 'on: push' }) })
  const check = await world.conclusion(sha, 'osmo / hello')
  assert.match(check.output.summary ?? '', /everyone/)
  assertHarmless(textOf(check), 'the check')
})

it('a fork does not run: its check says what to do, and a stranger cannot change that', async () => {
  await world.admin('fork', { repository, owner: 'sam' })
  const script = `touch ${trace('fork')}; env`
  const { sha } = await world.admin<{ sha: string }>('commitFiles', {
    repository: 'sam/robot',
    branch: 'main',
    author: 'sam',
    message: 'From a fork',
    files: { '.osmo/hello.yaml': specText({ name: 'hello', script }), '.osmo/mine.yaml': specText({ name: 'mine', script }) },
  })
  const { number } = await world.admin<{ number: number }>('createPullRequest', {
    repository,
    title: 'From a fork',
    head: 'sam:main',
    author: 'sam',
  })
  const check = await world.conclusion(sha, 'osmo / config')
  assert.equal(check.conclusion, 'action_required')
  assert.match(check.output.summary ?? '', /untrusted[\s\S]*a maintainer can push the reviewed commit to a branch of this repository/)
  for (const [body, as] of [
    ['/osmo run hello', 'sam'],
    ['/osmo rerun all', 'sam'],
    ['/osmo run hello', 'mara'],
  ] as const) {
    const id = await world.comment(number, body, as)
    const reaction = await until('a reaction', async () => (await world.reactions(id))[0])
    assert.equal(reaction, as === 'sam' ? '-1' : 'confused')
  }
  assert.deepEqual(
    (await world.checks(sha)).filter(({ conclusion }) => conclusion === 'success'),
    [],
  )
  assert.equal(existsSync(trace('fork')), false)
})

it('no secret of the installation is in its log, its checks or the environment of a task', async () => {
  const sha = await world.push('main', {
    '.osmo/hello.yaml': specText({
      name: 'hello',
      script: 'env; cat /proc/*/environ 2>/dev/null | tr "\\0" "\\n"; exit 1',
      sections: 'on: push\n\ncheckout: true',
    }),
  })
  const check = await world.conclusion(sha, 'osmo / hello')
  const log = readFileSync(join(world.directory, 'osmo-runner.log'), 'utf8')
  for (const name of ['webhookSecret', 'serverKey', 'githubAdminToken', 'pagesToken', 'githubPageToken'])
    for (const text of [log, textOf(check), world.output().replaceAll(/\?token=\S+/g, '')])
      assert.ok(!text.includes(world.kept(name)), `expected ${name} nowhere, found it`)
  assert.doesNotMatch(log, /ghs_[A-Za-z0-9]{10}|x-access-token:/)
  assert.doesNotMatch(textOf(check), /SERVER_KEY|TOKEN=/)
})
