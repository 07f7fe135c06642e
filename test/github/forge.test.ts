import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type CheckWrite, type Forge, ForgeError, type StoredDiagnostic } from '../../src/engine/ports.ts'
import type { GithubClient } from '../../src/github/client.ts'
import { answerMarker, pagesAfterFirst } from '../../src/github/comments.ts'
import { createForge } from '../../src/github/forge.ts'
import { CommitSha } from '../../src/workflow/names.ts'
import { aGithub, soon, type TestGithub } from './stage.ts'

let github: TestGithub
let forge: Forge
let sha: CommitSha
let pullRequest: number
before(async () => {
  github = await aGithub()
  forge = createForge(github.client)
  await github.commit('main', { 'README.md': 'robot' })
  sha = CommitSha((await github.commit('feature', { 'policy.py': '1' }, 'main')).sha)
  const { fullName } = github.repository
  const pull = await github.admin.createPullRequest({ repository: fullName, author: 'ada', title: 'Faster', head: 'feature', base: 'main' })
  pullRequest = pull.number
})
after(() => github.stage.close())

let serial = 0
const aCheck = (fields: Partial<CheckWrite> = {}): CheckWrite => ({
  repository: github.repository,
  name: 'osmo / nav-eval',
  sha,
  externalId: `external-${++serial}`,
  checkRunId: undefined,
  detailsUrl: 'https://osmo.example/workflows/nav-eval-1',
  state: { status: 'queued', startedAt: undefined },
  title: 'Waiting',
  summary: 'It waits.',
  text: undefined,
  annotations: [],
  ...fields,
})
const completed = { status: 'completed', conclusion: 'failure', startedAt: 1_700_000_000_000, completedAt: 1_700_000_100_000 } as const
const faults = (count: number): StoredDiagnostic[] =>
  Array.from({ length: count }, (_, index) => ({
    file: '.osmo/nav.yaml',
    line: index + 1,
    column: 3,
    endLine: index + 1 + (index % 2),
    endColumn: 1,
    severity: index === 0 ? 'warning' : 'error',
    code: 'yaml/syntax',
    message: `fault ${index}`,
  }))
const runs = () => github.admin.checkRuns({ repository: github.repository.fullName, sha })
const runOf = async (externalId: string) => (await runs()).filter((run) => run.externalId === externalId)

describe('a check', () => {
  it('is created, then updated until it concludes', async () => {
    const check = aCheck()
    const { checkRunId } = await forge.writeCheck(check, soon())
    await forge.writeCheck({ ...check, checkRunId, state: { status: 'in_progress', startedAt: 1_700_000_000_000 } }, soon())
    await forge.writeCheck({ ...check, checkRunId, state: completed, title: 'Failed', summary: 'It fell.' }, soon())
    const [run, ...others] = await runOf(check.externalId)
    assert.equal(others.length, 0)
    assert.deepEqual([run?.id, run?.status, run?.conclusion, run?.output.title], [checkRunId, 'completed', 'failure', 'Failed'])
  })

  it('is found again when its creation was cut off after it was made', async () => {
    const check = aCheck()
    await github.admin.setFaults({ api: [{ kind: 'error', when: 'after', method: 'POST', path: '/check-runs' }] })
    await assert.rejects(forge.writeCheck(check, soon()), (error) => error instanceof ForgeError && error.reaction === 'retry')
    await forge.writeCheck(check, soon())
    assert.equal((await runOf(check.externalId)).length, 1)
  })

  it('of the same name and another workflow is not taken for it', async () => {
    const [one, other] = [aCheck(), aCheck()]
    const first = await forge.writeCheck(one, soon())
    const second = await forge.writeCheck(other, soon())
    assert.notEqual(first.checkRunId, second.checkRunId)
  })

  for (const count of [1, 50, 51, 120]) {
    it(`carries ${count} annotations, once each, however often it is written`, async () => {
      const check = aCheck({ state: completed, annotations: faults(count) })
      await forge.writeCheck(check, soon())
      await forge.writeCheck(check, soon())
      const [run] = await runOf(check.externalId)
      assert.deepEqual(
        run?.annotations.map(({ message }) => message),
        faults(count).map(({ message }) => message),
      )
      assert.equal(run?.annotations[0]?.annotation_level, 'warning')
    })
  }

  it('continues with the annotations that are missing after it was cut off in the middle', async () => {
    const check = aCheck({ state: completed, annotations: faults(120) })
    await github.admin.setFaults({ api: [{ kind: 'error', when: 'before', method: 'PATCH', path: '/check-runs/' }] })
    await assert.rejects(forge.writeCheck(check, soon()), ForgeError)
    await forge.writeCheck(check, soon())
    const [run] = await runOf(check.externalId)
    assert.equal(new Set(run?.annotations.map(({ message }) => message)).size, 120)
    assert.equal(run?.annotations.length, 120)
  })

  it('keeps to the limits of texts without cutting a character in half', async () => {
    const text = `${'🤖'.repeat(50_000)}`
    const check = aCheck({ title: text, summary: text, text: `\`\`\`\n${'log line\n'.repeat(10_000)}`, name: `osmo / ${'x'.repeat(500)}` })
    await forge.writeCheck(check, soon())
    const [run] = await runOf(check.externalId)
    assert.ok(run)
    assert.ok(run.output.summary !== null && run.output.summary.length <= 65_535 && run.output.summary.isWellFormed())
    assert.ok(run.output.title?.isWellFormed())
    assert.match(run.output.text ?? '', /log line\n```\n\n+_This text was cut/)
  })

  it('leaves out an address that is not for a browser', async () => {
    const check = aCheck({ detailsUrl: 'javascript:alert(1)' })
    await forge.writeCheck(check, soon())
    assert.doesNotMatch((await runOf(check.externalId))[0]?.detailsUrl ?? '', /javascript/)
  })

  it('at a commit that is not there is given up', async () => {
    const check = aCheck({ sha: CommitSha('d'.repeat(40)) })
    await assert.rejects(forge.writeCheck(check, soon()), (error) => error instanceof ForgeError && error.reaction === 'give-up')
  })
})

describe('the comment', () => {
  const marker = '<!-- osmo:report -->'
  const write = (commentId: number | undefined, body: string) =>
    forge.writeComment({ repository: github.repository, pullRequest, commentId, marker, body }, soon())
  const all = () => github.admin.comments({ repository: github.repository.fullName, number: pullRequest })

  it('is one: created, updated by id, found by its marker when the id was lost', async () => {
    const { commentId } = await write(undefined, 'first')
    assert.deepEqual(await write(commentId, 'second'), { commentId })
    assert.deepEqual(await write(undefined, 'third'), { commentId })
    assert.deepEqual(
      (await all()).map(({ body }) => body),
      [`${marker}\nthird`],
    )
  })

  it('of somebody else with our marker in it is not ours', async () => {
    const planted = await github.admin.comment({
      repository: github.repository.fullName,
      number: pullRequest,
      as: 'eve',
      body: `${marker}\nplanted`,
    })
    const { commentId } = await write(undefined, 'ours')
    assert.notEqual(commentId, planted.id)
    assert.equal((await all()).find(({ id }) => id === planted.id)?.body, `${marker}\nplanted`)
  })

  it('is written anew when somebody deleted it', async () => {
    const { commentId } = await write(undefined, 'here')
    await github.admin.deleteComment({ id: commentId, as: 'ada' })
    const again = await write(commentId, 'back')
    assert.notEqual(again.commentId, commentId)
  })

  it('is found again when its creation was cut off after it was made', async () => {
    for (const { id, body } of await all())
      if (body.startsWith(`${marker}\n`) && !body.includes('planted')) await github.admin.deleteComment({ id, as: 'ada' })
    await github.admin.setFaults({ api: [{ kind: 'error', when: 'after', method: 'POST', path: '/comments' }] })
    await assert.rejects(write(undefined, 'once'), ForgeError)
    await write(undefined, 'once')
    assert.equal((await all()).filter(({ body }) => body.includes('once')).length, 1)
  })

  it('that is too long keeps its marker, and closes what it opened', async () => {
    const { commentId } = await write(undefined, `<details>\n\n\`\`\`\n${'a log line\n'.repeat(9000)}\n\`\`\`\n\n</details>`)
    const body = (await all()).find(({ id }) => id === commentId)?.body ?? ''
    assert.ok(body.length <= 60_000)
    assert.ok(body.startsWith(`${marker}\n`))
    assert.match(body, /a log line\n```\n\n<\/details>\n\n+_This comment was cut/)
  })
})

describe('an answer', () => {
  const all = () => github.admin.comments({ repository: github.repository.fullName, number: pullRequest })
  const ask = () => github.admin.comment({ repository: github.repository.fullName, number: pullRequest, as: 'ada', body: '/osmo status' })

  it('is a reaction and one reply, also when it is given twice', async () => {
    const { id: commentId } = await ask()
    const answer = { repository: github.repository, pullRequest, commentId, reaction: '+1', reply: 'All is well.' } as const
    await forge.answer(answer, soon())
    await forge.answer(answer, soon())
    const replies = (await all()).filter(({ body }) => body.includes(answerMarker(commentId)))
    assert.deepEqual(
      replies.map(({ body }) => body),
      [`${answerMarker(commentId)}\nAll is well.`],
    )
  })

  it('can be a reaction alone', async () => {
    const { id: commentId } = await ask()
    const count = (await all()).length
    await forge.answer({ repository: github.repository, pullRequest, commentId, reaction: 'eyes', reply: undefined }, soon())
    assert.equal((await all()).length, count)
  })

  it('to a comment that was edited takes the place of our older reaction, and of nobody else', async () => {
    const { id: commentId } = await ask()
    const react = (reaction: '+1' | 'confused') =>
      forge.answer({ repository: github.repository, pullRequest, commentId, reaction, reply: undefined }, soon())
    const address = `${github.clientOptions.apiUrl}/repos/${github.repository.fullName}/issues/comments/${commentId}/reactions`
    const headers = { authorization: `Bearer ${github.ada.token}`, 'content-type': 'application/json' }
    await fetch(address, { method: 'POST', headers, body: '{"content":"confused"}', signal: soon() })
    const contents = async () => {
      const all = (await (await fetch(address, { headers, signal: soon() })).json()) as { content: string; user: { login: string } }[]
      return all.map(({ content, user }) => `${user.login === 'ada' ? 'ada' : 'we'}: ${content}`)
    }
    await react('confused')
    await react('+1')
    assert.deepEqual(await contents(), ['ada: confused', 'we: +1'])
    await react('+1')
    assert.deepEqual(await contents(), ['ada: confused', 'we: +1'])
  })

  it('to a comment that is gone is given up', async () => {
    const answer = { repository: github.repository, pullRequest, commentId: 999_999, reaction: 'eyes', reply: undefined } as const
    await assert.rejects(forge.answer(answer, soon()), (error) => error instanceof ForgeError && error.reaction === 'give-up')
  })
})

describe('how many pages of comments are read', () => {
  const tables: readonly (readonly [number, readonly number[]])[] = [
    [1, []],
    [2, [2]],
    [3, [2, 3]],
    [4, [2, 3, 4]],
    [50, [2, 3, 50, 49, 48]],
    [999_999, [2, 3, 999_999, 999_998, 999_997]],
  ]
  for (const [lastPage, pages] of tables) it(`of ${lastPage}`, () => assert.deepEqual(pagesAfterFirst(lastPage), pages))
})

describe('a comment with our marker', () => {
  const marker = answerMarker(5)
  const someone = { login: 'eve', type: 'User' }
  const bot = { login: 'osmo-runner[bot]', type: 'Bot' }
  const authors: readonly (readonly [string, object, 'ours' | 'not ours'])[] = [
    ['of our app', { user: bot, performed_via_github_app: { id: 4711 } }, 'ours'],
    ['of our bot, which GitHub does not name as an app', { user: bot, performed_via_github_app: null }, 'ours'],
    ['of another app', { user: { login: 'other[bot]', type: 'Bot' }, performed_via_github_app: { id: 1 } }, 'not ours'],
    ['of a person through another app', { user: someone, performed_via_github_app: { id: 1 } }, 'not ours'],
    ['of another bot', { user: { login: 'other[bot]', type: 'Bot' }, performed_via_github_app: null }, 'not ours'],
    ['of a person', { user: someone, performed_via_github_app: null }, 'not ours'],
    ['of a person called like our bot', { user: { ...bot, type: 'User' }, performed_via_github_app: null }, 'not ours'],
    ['of a deleted user', { user: null, performed_via_github_app: null }, 'not ours'],
  ]
  for (const [title, author, whose] of authors) {
    it(`${title} is ${whose}`, async () => {
      const written: string[] = []
      const listed = [{ id: 77, body: `${marker}\nbefore`, ...author }]
      const client: GithubClient = {
        ...github.client,
        readPage: async ({ schema }) => ({ data: schema.parse(listed), lastPage: 1 }),
        write: async ({ route, schema }) => {
          written.push(route)
          return schema.parse({ id: 78 })
        },
      }
      await createForge(client).answer(
        { repository: github.repository, pullRequest: 1, commentId: 5, reaction: '+1', reply: 'after' },
        soon(),
      )
      assert.match(written[1] ?? '', whose === 'ours' ? /^PATCH / : /^POST .*\/comments$/)
    })
  }
})

describe('5 000 comments', () => {
  it('lead to a bounded number of reads, and a marker in the last page is found', async () => {
    const pages: unknown[] = []
    const marker = answerMarker(5)
    const comment = (body: string) => ({ id: 77, body, user: null, performed_via_github_app: { id: 4711 } })
    const client: GithubClient = {
      ...github.client,
      readPage: async (call) => {
        pages.push(call.parameters.page)
        const comments = call.parameters.page === 50 ? [comment(`${marker}\nsame`)] : Array.from({ length: 100 }, () => comment('chatter'))
        return { data: call.schema.parse(comments), lastPage: 50 }
      },
      write: async (call) => call.schema.parse({ id: 1 }),
    }
    const answer = { repository: github.repository, pullRequest: 1, commentId: 5, reaction: '+1', reply: 'same' } as const
    await createForge(client).answer(answer, soon())
    assert.deepEqual(pages, [1, 2, 3, 50])
    await createForge(client).answer({ ...answer, commentId: 6 }, soon())
    assert.deepEqual(pages.slice(4), [1, 2, 3, 50, 49, 48])
  })
})
