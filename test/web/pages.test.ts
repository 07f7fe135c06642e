import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aRun } from '../benchmark/builders.ts'
import {
  aBenchmark,
  ask,
  askText,
  aWorkflow,
  aWorld,
  completed,
  finished,
  opened,
  pagesOf,
  retries,
  running,
  token,
  waiting,
} from './builders.ts'

const success = (won: number, of: number) => aRun('head', 0, JSON.stringify({ metrics: { success: { k: won, n: of } } }))

describe('list of workflows', () => {
  it('shows the newest first, with verdict, repository, pull request and commit', async () => {
    const world = aWorld(aWorkflow({ displayId: 'old-1', openedAt: opened - 5_000 }), aWorkflow({ displayId: 'new-2', openedAt: opened }))
    const text = await askText(world, '/')
    assert.ok(text.indexOf('new-2') < text.indexOf('old-1'))
    for (const part of ['robots/arm', '#12', 'faster-grasp', 'abcdef0', 'mona', '>running<', '1 m 00 s ago'])
      assert.ok(text.includes(part), part)
  })

  it('says what to do when there is none', async () => assert.match(await askText(aWorld(), '/'), /Put a spec into <code>\.osmo\/<\/code>/))

  it('shows a completed workflow as failed when its numbers are missing', async () => {
    const view = aWorkflow({
      status: 'COMPLETED',
      tasks: { eval: { state: completed, benchmarks: 'collected' } },
      plan: { benchmarks: [aBenchmark('eval')] },
    })
    const text = await askText(aWorld(view), '/')
    assert.match(text, /class="badge bad">failed</)
    assert.doesNotMatch(text, /class="badge good"/)
  })

  it('shows a completed workflow as running while its numbers are not read', async () => {
    const view = aWorkflow({
      status: 'COMPLETED',
      tasks: { eval: { state: completed, benchmarks: 'awaited' } },
      plan: { benchmarks: [aBenchmark('eval')] },
    })
    assert.match(await askText(aWorld(view), '/'), /class="badge active">running</)
  })

  const some = () =>
    aWorld(
      aWorkflow({ displayId: 'passed-1', status: 'COMPLETED' }),
      aWorkflow({ displayId: 'broken-2', status: 'FAILED', provenance: { pullRequest: 13 } }),
      aWorkflow({ displayId: 'going-3', status: 'RUNNING', provenance: { repositoryId: 8, repository: 'robots/leg' } }),
      aWorkflow({ displayId: 'stopped-4', status: 'FAILED_CANCELED' }),
    )
  const filters = [
    ['', ['passed-1', 'broken-2', 'going-3', 'stopped-4']],
    ['?repository=8', ['going-3']],
    ['?pull_request=13', ['broken-2']],
    ['?status=unfinished', ['going-3']],
    ['?status=passed', ['passed-1']],
    ['?status=failed', ['broken-2']],
    ['?status=other', ['stopped-4']],
    ['?repository=7&status=unfinished', []],
    ['?repository=&pull_request=', ['passed-1', 'broken-2', 'going-3', 'stopped-4']],
  ] as const
  for (const [query, expected] of filters) {
    it(`filters by ${query || 'nothing'}`, async () => {
      const answer = (await (await ask(some(), `/api/workflows${query}`)).json()) as { workflows: { id: string }[] }
      assert.deepEqual(answer.workflows.map(({ id }) => id).sort(), [...expected].sort())
      const text = await askText(some(), `/${query}`)
      for (const id of ['passed-1', 'broken-2', 'going-3', 'stopped-4'])
        assert.equal(
          text.includes(`/workflows/${id}"`),
          expected.some((each) => each === id),
          id,
        )
    })
  }

  for (const query of [
    'repository=arm',
    'pull_request=-1',
    'status=green',
    'before=yesterday',
    'repository=0',
    `repository=${'9'.repeat(40)}`,
  ]) {
    it(`refuses ?${query.slice(0, 40)}`, async () => {
      const response = await ask(some(), `/?${query}`)
      assert.equal(response.status, 400)
      assert.match(await response.text(), /expected/)
      assert.equal((await ask(some(), `/api/workflows?${query}`)).status, 400)
    })
  }

  it('pages through everything exactly once, also what opened at the same instant', async () => {
    const all = Array.from({ length: 95 }, (_, index) =>
      aWorkflow({ displayId: `run-${index}`, openedAt: opened - Math.floor(index / 7) * 1000 }),
    )
    const world = aWorld(...all)
    const seen: string[] = []
    let url = '/api/workflows'
    for (let pages = 0; url !== ''; pages++) {
      assert.ok(pages < 10, 'the pages come to an end')
      const answer = (await (await ask(world, url)).json()) as { workflows: { id: string }[]; next: number | null }
      seen.push(...answer.workflows.map(({ id }) => id))
      url = answer.next === null ? '' : `/api/workflows?before=${answer.next}`
    }
    assert.equal(seen.length, 95)
    assert.equal(new Set(seen).size, 95)
  })

  it('finds a rare verdict behind many others', async () => {
    const many = Array.from({ length: 150 }, (_, index) => aWorkflow({ displayId: `run-${index}`, openedAt: opened - index }))
    const text = await askText(
      aWorld(...many, aWorkflow({ displayId: 'rare-1', status: 'FAILED', openedAt: opened - 1000 })),
      '/?status=failed',
    )
    assert.match(text, /rare-1/)
  })
})

describe('one workflow', () => {
  it('shows its tasks: status, platform, times, attempts, why each waits', async () => {
    const view = aWorkflow({
      displayId: 'nav-eval-3',
      tasks: {
        data: { state: completed },
        train: {
          state: { ...running, attempt: 1 },
          attempts: [{ attempt: 0, state: finished({ status: 'FAILED_EVICTED', exitCode: 137 }) }],
        },
        eval: { state: waiting, waitsFor: ['train-group'], template: { platform: 'bench' } },
      },
    })
    const text = await askText(aWorld(view), '/workflows/nav-eval-3')
    for (const part of [
      '.osmo/nav-eval.yaml',
      'waits for train',
      'attempt 2',
      '>bench<',
      '+4.0 s',
      '30 s',
      '56 s',
      'role="img"',
      '1 of 3 tasks finished',
    ]) {
      assert.ok(text.includes(part), part)
    }
    assert.ok(!text.includes('environment-is-not-shown'))
  })

  it('shows what was judged, as a table', async () => {
    const view = aWorkflow({
      displayId: 'nav-1',
      status: 'COMPLETED',
      finishedAt: opened + 40_000,
      tasks: { eval: { state: completed, benchmarks: 'collected' } },
      plan: { benchmarks: [aBenchmark('eval')] },
    })
    const world = aWorld(view)
    world.samples.put(view, 'eval', [success(270, 300)])
    const text = await askText(world, '/workflows/nav-1')
    assert.match(text, /<code>success<\/code>/)
    assert.match(text, /90\.0 %/)
    const json = (await (await ask(world, '/api/workflows/nav-1')).json()) as { benchmarks: { metrics: unknown[] } }
    assert.equal(json.benchmarks.metrics.length, 1)
  })

  it('links commit and pull request where it knows the forge', async () => {
    const world = aWorld(aWorkflow({ displayId: 'nav-1' }))
    const pages = pagesOf(world, { forgeUrl: 'https://github.com/' })
    const text = await (
      await pages.request('http://127.0.0.1/workflows/nav-1', { headers: { host: '127.0.0.1', authorization: `Bearer ${token}` } })
    ).text()
    assert.match(text, /href="https:\/\/github\.com\/robots\/arm\/pull\/12"/)
    assert.match(text, /href="https:\/\/github\.com\/robots\/arm\/commit\/abcdef01/)
  })

  it('names the run it repeats and the one that repeats it', async () => {
    const first = aWorkflow({ displayId: 'nav-1' })
    const second = aWorkflow({ displayId: 'nav-2', plan: { rerunOf: first.workflow.id } })
    const world = aWorld({ ...first, rerunBy: second.workflow.id }, second)
    assert.match(await askText(world, '/workflows/nav-1'), /Run again as<\/dt><dd><a href="\/workflows\/nav-2"/)
    assert.match(await askText(world, '/workflows/nav-2'), /Rerun of<\/dt><dd><a href="\/workflows\/nav-1"/)
  })

  it('says who cancelled it and why', async () => {
    const view = aWorkflow({
      displayId: 'nav-1',
      status: 'FAILED_CANCELED',
      workflow: { cancellation: { at: opened, by: 'mona', reason: 'wrong branch' } },
    })
    assert.match(await askText(aWorld(view), '/workflows/nav-1'), /Cancelled by mona: wrong branch/)
  })

  it('shows the worst of a very large workflow', async () => {
    const tasks = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, index) => [`task-${index}`, { state: index === 1_999 ? finished({ exitCode: 3 }) : completed }]),
    )
    const text = await askText(aWorld(aWorkflow({ displayId: 'big-1', tasks })), '/workflows/big-1')
    assert.match(text, /failed with exit code 3/)
    assert.match(text, /and 1500 more/)
  })

  it('goes on asking while it changes and stops when it is concluded', async () => {
    assert.match(await askText(aWorld(aWorkflow({ displayId: 'a-1' })), '/workflows/a-1'), /data-changes="still"/)
    assert.match(await askText(aWorld(aWorkflow({ displayId: 'a-1', status: 'FAILED' })), '/workflows/a-1'), /data-changes="no-more"/)
  })
})

describe('log of a task', () => {
  const aTaskWorld = async (...texts: readonly string[]) => {
    const view = aWorkflow({
      displayId: 'nav-1',
      tasks: { train: { state: { ...running, attempt: 1 }, attempts: [{ attempt: 0, state: finished({ exitCode: 9 }) }] } },
    })
    const world = aWorld(view)
    await world.logs.print(view, 'train', 0, 'first attempt\n')
    for (const text of texts) await world.logs.print(view, 'train', 1, text)
    return { world, view }
  }
  const path = '/workflows/nav-1/tasks/train'
  const logBox = (text: string) => /<pre id="log"[^>]*>([^<]*)<\/pre>/.exec(text)?.[1]

  it('shows the newest attempt, and each earlier one', async () => {
    const { world } = await aTaskWorld('epoch 1\n', 'epoch 2\n')
    assert.equal(logBox(await askText(world, path)), 'epoch 1\nepoch 2\n')
    assert.equal(logBox(await askText(world, `${path}?attempt=0`)), 'first attempt\n')
  })

  it('leaves out colours and control characters', async () => {
    const { world } = await aTaskWorld('\u001b[31mred\u001b[0m \u202eevil\u0007\r\nnext')
    assert.equal(logBox(await askText(world, path)), 'red evil\nnext')
  })

  it('follows by sequence until the attempt ends', async () => {
    const { world, view } = await aTaskWorld('epoch 1\n')
    const read = async (after: number) =>
      (await (await ask(world, `/api${path}/log?after=${after}`)).json()) as {
        next: number
        live: boolean
        more: boolean
        chunks: { text: string }[]
      }
    const first = await read(-1)
    assert.deepEqual([first.chunks.map(({ text }) => text), first.live], [['epoch 1\n'], true])
    assert.deepEqual((await read(first.next)).chunks, [])
    await world.logs.print(view, 'train', 1, 'epoch 2\n')
    assert.deepEqual(
      (await read(first.next)).chunks.map(({ text }) => text),
      ['epoch 2\n'],
    )
    world.views.put(aWorkflow({ id: view.workflow.id, displayId: 'nav-1', tasks: { train: { state: finished({ attempt: 1 }) } } }))
    assert.equal((await read(1)).live, false)
  })

  it('gives a long log in parts, each with where the next begins', async () => {
    const { world } = await aTaskWorld(...Array.from({ length: 70 }, (_, index) => `${index} `))
    const texts: string[] = []
    let after = -1
    for (let more = true; more; ) {
      const part = (await (await ask(world, `/api${path}/log?after=${after}`)).json()) as {
        next: number
        more: boolean
        chunks: { text: string }[]
      }
      texts.push(...part.chunks.map(({ text }) => text))
      ;[after, more] = [part.next, part.more]
    }
    assert.deepEqual(
      texts,
      Array.from({ length: 70 }, (_, index) => `${index} `),
    )
  })

  it('shows only the end of a long log, from the start of a line', async () => {
    const { world } = await aTaskWorld(...Array.from({ length: 20 }, (_, index) => `line ${index} ${'x'.repeat(60_000)}\n`))
    const text = await askText(world, path)
    assert.ok(text.length < 400_000)
    assert.match(logBox(text) ?? '', /^line 16 /)
    assert.match(text, /Only the end is shown here/)
    assert.match(text, /data-after="19"/)
  })

  it('downloads all of it as it was printed, as a file that no browser shows', async () => {
    const printed = ['\u001b[31m<script>alert(1)</script>\n', ...Array.from({ length: 2_500 }, (_, index) => `${index}\n`)]
    const { world } = await aTaskWorld(...printed)
    const response = await ask(world, `${path}/log.txt`)
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8')
    assert.equal(response.headers.get('content-disposition'), 'attachment; filename="nav-1-train-1.log.txt"')
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(await response.text(), printed.join(''))
  })

  it('is that of the earlier run when a rerun took its outputs over', async () => {
    const before = aWorkflow({ displayId: 'nav-1', status: 'FAILED', tasks: { data: { state: { ...completed, attempt: 2 } } } })
    const outputs = { workflow: before.workflow.id, task: 'data', attempt: 2 }
    const world = aWorld(before, aWorkflow({ displayId: 'nav-2', tasks: { data: { state: completed, outputs } } }))
    await world.logs.print(before, 'data', 2, 'made earlier\n')
    const text = await askText(world, '/workflows/nav-2/tasks/data')
    assert.equal(logBox(text), 'made earlier\n')
    assert.match(text, /taken over from an earlier run/)
  })

  it('says that nothing was printed', async () => assert.match(await askText((await aTaskWorld()).world, path), /Nothing printed yet/))
})

describe('addresses that name nothing', () => {
  const world = aWorld(aWorkflow({ displayId: 'nav-1' }))
  const examples = [
    ['/nowhere', 404],
    ['/workflows/nav-2', 404],
    ['/workflows/%00', 404],
    [`/workflows/${'x'.repeat(5_000)}`, 404],
    ['/workflows/%E0%A4%A', 404],
    ['/workflows/nav-1/tasks/none', 404],
    ['/workflows/nav-1/tasks/__proto__', 404],
    ['/workflows/nav-1/tasks/train?attempt=5', 404],
    ['/workflows/nav-1/tasks/train?attempt=-1', 400],
    ['/workflows/nav-1/tasks/train?attempt=99999999999', 400],
    ['/api/workflows/nav-1/tasks/train/log?after=x', 400],
    ['/api/nowhere', 404],
  ] as const
  for (const [path, status] of examples) {
    it(`answers ${status} at ${path.slice(0, 60)}`, async () => {
      const response = await ask(world, path)
      assert.equal(response.status, status)
      assert.equal(response.headers.get('content-type')?.includes('json'), path.startsWith('/api/'))
    })
  }

  it('says nothing of what went wrong inside, and logs it', async () => {
    const broken = aWorld()
    broken.views.list = () => Promise.reject(new Error('password=hunter2 at 10.0.0.3'))
    for (const path of ['/', '/api/workflows']) {
      const response = await ask(broken, path)
      assert.equal(response.status, 500)
      assert.doesNotMatch(await response.text(), /hunter2|10\.0\.0\.3/)
      assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    }
    assert.equal(broken.errors.length, 2)
  })
})

describe('headers', () => {
  it('allow only what carries the nonce of this answer', async () => {
    const world = aWorld(aWorkflow({ displayId: 'nav-1' }))
    const nonces = new Set<string>()
    for (const path of ['/', '/workflows/nav-1', '/workflows/nav-1/tasks/train', '/nowhere']) {
      const response = await ask(world, path)
      const policy = response.headers.get('content-security-policy') ?? ''
      const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? ''
      nonces.add(nonce)
      assert.match(policy, /^default-src 'none'; .*frame-ancestors 'none'/)
      assert.doesNotMatch(policy, /unsafe/)
      assert.equal(response.headers.get('referrer-policy'), 'no-referrer')
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
      const text = await response.text()
      for (const [, found] of text.matchAll(/<(?:script|style)([^>]*)>/g)) assert.equal(found, ` nonce="${nonce}"`)
      assert.doesNotMatch(text, / style="| on[a-z]+="|https?:\/\/(?!www\.w3\.org)/)
    }
    assert.equal(nonces.size, 4)
  })

  it('never lets a waiting task be shown with a time', async () => {
    const state = { status: 'WAITING', attempt: 0, retries } as const
    assert.match(
      await askText(aWorld(aWorkflow({ displayId: 'a-1', tasks: { eval: { state } } })), '/workflows/a-1'),
      /aria-label="not started"/,
    )
  })
})
