import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { type ServerType, serve } from '@hono/node-server'
import type { CommentWritten, DomainEvent } from '../../src/engine/domain-event.ts'
import type { DeliveryStore } from '../../src/engine/ports.ts'
import { createForge } from '../../src/github/forge.ts'
import { createIntake } from '../../src/github/intake.ts'
import { type Translated, translate } from '../../src/github/translate.ts'
import { CommitSha } from '../../src/workflow/names.ts'
import { aGithub, soon, type TestGithub } from './stage.ts'

type Accepted = Parameters<DeliveryStore['accept']>[0]

let github: TestGithub
let server: ServerType
const accepted: Accepted[] = []
before(async () => {
  github = await aGithub()
  const app = createIntake({
    secrets: ['a secret for tests'],
    deliveries: {
      accept: async (delivery) => {
        accepted.push(delivery)
        return 'new'
      },
    },
    waker: { wake: async () => undefined },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  })
  server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  await github.admin.setWebhookUrl({ url: `http://127.0.0.1:${address.port}/api/github/webhooks` })
})
after(async () => {
  await github.stage.close()
  server.close()
})

describe('what GitHub sends over HTTP, signed, becomes', () => {
  it('pushes: a new branch, a commit on it, its end', async () => {
    const first = await github.commit('main', { 'README.md': 'robot' })
    const second = await github.commit('main', { 'README.md': 'better robot' })
    const events = await heard('pushed')
    assert.deepEqual(
      events.map(({ change, ref, after: head, sender, defaultBranch }) => [change, ref, head, sender?.login, defaultBranch]),
      [
        ['created', 'refs/heads/main', first.sha, 'ada', 'main'],
        ['updated', 'refs/heads/main', second.sha, 'ada', 'main'],
      ],
    )
    assert.deepEqual(events[0]?.repository, github.repository)
  })

  it('changes of a pull request', async () => {
    const { sha } = await github.commit('feature', { 'policy.py': '1' }, 'main')
    const key = { repository: github.repository.fullName, number: 0 }
    const pull = await github.admin.createPullRequest({
      repository: key.repository,
      author: 'ada',
      title: 'x',
      head: 'feature',
      draft: true,
    })
    key.number = pull.number
    await github.admin.setDraft({ ...key, as: 'ada', draft: false })
    await github.admin.label({ ...key, as: 'ada', label: 'gpu' })
    await github.commit('feature', { 'policy.py': '2' })
    await github.admin.close({ ...key, as: 'ada' })
    await github.admin.reopen({ ...key, as: 'ada' })
    const events = await heard('pull-request-changed')
    assert.deepEqual(
      events.map(({ action }) => action),
      ['opened', 'ready_for_review', 'labeled', 'synchronize', 'closed', 'reopened'],
    )
    assert.deepEqual([events[0]?.headSha, events[0]?.draft, events[0]?.author?.login, events[1]?.draft], [sha, true, 'ada', false])
  })

  it('comments, with the one who edits as sender', async () => {
    const key = { repository: github.repository.fullName, number: 1 }
    const { id } = await github.admin.comment({ ...key, as: 'eve', body: 'hi' })
    await github.admin.editComment({ id, as: 'ada', body: '/osmo rerun' })
    const events: readonly CommentWritten[] = await heard('comment-written')
    assert.deepEqual(
      events.map(({ action, body, previousBody, author, sender, on }) => [action, body, previousBody, author?.login, sender?.login, on]),
      [
        ['created', 'hi', '', 'eve', 'eve', 'pull-request'],
        ['edited', '/osmo rerun', 'hi', 'eve', 'ada', 'pull-request'],
      ],
    )
  })

  it('checks that somebody wants again, with our own id in them', async () => {
    const { sha } = await github.commit('main', { 'a.md': 'a' })
    const { checkRunId } = await createForge(github.client).writeCheck(
      {
        repository: github.repository,
        name: 'osmo / nav',
        sha: CommitSha(sha),
        externalId: 'our-own-id',
        checkRunId: undefined,
        detailsUrl: undefined,
        state: { status: 'completed', conclusion: 'failure', startedAt: undefined, completedAt: 1_700_000_000_000 },
        title: 'Failed',
        summary: 'It fell.',
        text: undefined,
        annotations: [],
      },
      soon(),
    )
    await github.admin.rerequest({ checkRunId, as: 'ada' })
    const [event] = await heard('check-rerequested')
    assert.deepEqual(
      [event?.checkRunId, event?.externalId, event?.headSha, event?.appId, event?.sender?.login],
      [checkRunId, 'our-own-id', sha, 4711, 'ada'],
    )
  })

  it('nothing malformed in all of this', () => {
    const malformed = accepted
      .map(({ event, body }) => [event, translate(event, JSON.parse(body))] as const)
      .filter(([, { kind }]) => kind === 'malformed')
    assert.deepEqual(malformed, [])
    assert.ok(accepted.length > 10)
  })
})

async function heard<Kind extends DomainEvent['kind']>(kind: Kind): Promise<readonly Extract<DomainEvent, { kind: Kind }>[]> {
  await github.admin.idle({})
  const isWanted = (event: Translated): event is Extract<DomainEvent, { kind: Kind }> => event.kind === kind
  return accepted.map(({ event, body }) => translate(event, JSON.parse(body))).filter(isWanted)
}
