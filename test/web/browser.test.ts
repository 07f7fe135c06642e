import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { WorkflowView } from '../../src/engine/ports.ts'
import { startWebServer, type WebServer } from '../../src/web/server.ts'
import { aRun } from '../benchmark/builders.ts'
import { aBenchmark, aWorkflow, aWorld, completed, finished, opened, pagesOf, running, token, type World, waiting } from './builders.ts'

const browserPath = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
const skip = browserPath === undefined && process.env.CI !== 'true' ? 'no Chromium on this machine: apt-get install chromium' : false
/** Set to a directory to look at what the tests see. */
const pictures = process.env.OSMO_PICTURES

const phone = { width: 390, height: 844 }
const desk = { width: 1280, height: 900 }

describe('pages in a browser', { skip }, () => {
  let browser: Browser
  let server: WebServer
  let world: World
  let going: WorkflowView

  before(async () => {
    assert.ok(browserPath !== undefined, 'expected Chromium at /usr/bin/chromium, found none: apt-get install chromium')
    browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  })
  after(() => browser?.close())

  /** A server over a fresh world, and a page that has been let in by the printed address. */
  async function open(
    t: TestContext,
    path: string,
    options: BrowserContextOptions = {},
  ): Promise<{ readonly page: Page; readonly problems: string[] }> {
    ;({ world, going } = aBusyWorld())
    await print(world, going)
    server = await startWebServer({ app: pagesOf(world), listen: { host: '127.0.0.1', port: 0 }, closeGraceSeconds: 0.2 })
    const context = await browser.newContext({ viewport: desk, ...options })
    t.after(async () => {
      await context.close()
      await server.close()
    })
    const page = await context.newPage()
    const problems = watch(page)
    await page.goto(`${server.address}${path}?token=${token}`)
    return { page, problems }
  }

  it('lets a person in by the printed address, and nobody without it', async (t) => {
    const { page, problems } = await open(t, '/')
    assert.equal(page.url(), `${server.address}/`)
    await page.getByRole('link', { name: 'reach-7' }).click()
    await page.getByRole('link', { name: 'train' }).click()
    assert.match((await page.locator('#log').textContent()) ?? '', /epoch 1/)
    assert.deepEqual(problems, [])
    const stranger = await (await browser.newContext()).newPage()
    assert.equal((await stranger.goto(server.address))?.status(), 401)
    await stranger.context().close()
  })

  it('follows a log as it is printed, and says how the attempt ended', async (t) => {
    const { page, problems } = await open(t, '/workflows/reach-7/tasks/train')
    await world.logs.print(going, 'train', 1, '\u001b[32mloss 0.01\u001b[0m <b>bold</b>\n')
    await page.locator('#log', { hasText: 'loss 0.01 <b>bold</b>' }).waitFor()
    world.views.put(withTask(going, 'train', finished({ attempt: 1, exitCode: 3, finishedAt: opened + 59_000 })))
    await world.logs.print(going, 'train', 1, 'the last line\n')
    await page.locator('.badge.bad').waitFor()
    await page.locator('#log', { hasText: 'the last line' }).waitFor()
    assert.equal(await page.locator('#log b').count(), 0)
    assert.deepEqual(problems, [])
  })

  it('shows a workflow as it moves on, and keeps the focus where it is', async (t) => {
    const { page, problems } = await open(t, '/workflows/reach-7')
    await page.getByRole('link', { name: 'evaluate' }).focus()
    world.views.put({ ...withTask(going, 'train', finished({ attempt: 1, exitCode: 3 })), status: 'FAILED' })
    await page.locator('h1 .badge.bad').waitFor()
    assert.match((await page.locator('.lead').textContent()) ?? '', /Task train failed with exit code 3/)
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'evaluate')
    assert.deepEqual(problems, [])
  })

  it('can be read without scripts', async (t) => {
    const { page } = await open(t, '/workflows/reach-7/tasks/train', { javaScriptEnabled: false })
    assert.match((await page.locator('#log').textContent()) ?? '', /epoch 3/)
    assert.match((await page.locator('#log-state').textContent()) ?? '', /reload to see newer lines/)
  })

  const paths = ['/', '/workflows/reach-7', '/workflows/judged-3', '/workflows/reach-7/tasks/train', '/nowhere']
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [device, viewport] of Object.entries({ phone, desk })) {
      it(`fits a ${device}, ${colorScheme}`, async (t) => {
        const { page, problems } = await open(t, '/', { viewport, colorScheme })
        for (const path of paths) {
          await page.goto(`${server.address}${path}`)
          const { scroll, width } = (await page.evaluate('({ scroll: document.documentElement.scrollWidth, width: innerWidth })')) as {
            scroll: number
            width: number
          }
          assert.ok(scroll <= width, `${path} is ${scroll} wide on a screen of ${width}`)
          await takePicture(page, `${path.replaceAll('/', '-').slice(1) || 'list'}-${device}-${colorScheme}`)
        }
        assert.deepEqual(
          problems.filter((problem) => !/status of 404/.test(problem)),
          [],
        )
      })
    }
  }
})

/** Everything that a browser complains about: errors, and what the content security policy forbids. */
function watch(page: Page): string[] {
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text())
  })
  return problems
}

async function takePicture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  await mkdir(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
}

function aBusyWorld() {
  const going = aWorkflow({
    displayId: 'reach-7',
    spec: 'reach',
    status: 'RUNNING',
    openedAt: opened,
    plan: { notices: ['The pull request changed the command of the gated task evaluate; both arms run base’s own'] },
    tasks: {
      'generate-data': { state: finished({ status: 'COMPLETED', finishedAt: opened + 16_000 }) },
      train: {
        state: { ...running, attempt: 1, queuedAt: opened + 26_000, createdAt: opened + 27_000, startedAt: opened + 30_000 },
        attempts: [
          {
            attempt: 0,
            state: finished({ status: 'FAILED_EVICTED', startedAt: opened + 17_000, finishedAt: opened + 24_000, exitCode: 137 }),
          },
        ],
      },
      evaluate: { state: waiting, waitsFor: ['train-group'] },
      'inference-speed': {
        state: waiting,
        waitsFor: ['train-group', 'generate-data-group'],
        template: { platform: 'bench', exclusive: true },
      },
      'a-task-with-a-name-that-is-longer-than-most-and-has-no-blank-in-it-anywhere': {
        state: finished({
          status: 'FAILED_START_ERROR',
          exitCode: 3002,
          startedAt: undefined,
          finishedAt: opened + 20_000,
          message: 'no such program: /usr/local/bin/an-absolute-path-of-some-length/evaluate',
        }),
      },
    },
  })
  const judged = aJudgedWorkflow()
  const others = [
    aWorkflow({
      displayId: 'nav-eval-12',
      status: 'COMPLETED',
      finishedAt: opened + 31_000,
      openedAt: opened - 100_000,
      provenance: { pullRequest: undefined, headRef: 'main', defaultBranch: true },
    }),
    aWorkflow({ displayId: 'nav-eval-11', status: 'FAILED_CANCELED', finishedAt: opened + 31_000, openedAt: opened - 900_000 }),
    aWorkflow({
      displayId: 'grasp-with-a-long-name-for-a-spec-2',
      spec: 'grasp-with-a-long-name-for-a-spec',
      status: 'PENDING',
      openedAt: opened + 20_000,
      workflow: { startedAt: undefined },
      provenance: { headRef: 'feature/a-branch-name-that-somebody-made-very-long-indeed-so-it-wraps' },
    }),
    aWorkflow({ displayId: 'arm-1', status: 'FAILED_EXEC_TIMEOUT', finishedAt: opened + 31_000, openedAt: opened - 90_000_000 }),
  ]
  const world = aWorld(going, judged, ...others)
  const outcomes = (lost: number) => ({ episodes: Array.from({ length: 300 }, (_, seed) => ({ seed, success: seed % 10 > lost })) })
  const arm = (arm: 'base' | 'head', pair: number, lost: number, speed: number) =>
    aRun(
      arm,
      pair,
      JSON.stringify({
        metrics: {
          success: outcomes(lost),
          inference_ms: { samples: [speed + pair * 0.1], unit: 'ms' },
          steps_per_second: { value: 1000 / speed },
        },
      }),
    )
  world.samples.put(judged, 'evaluate', Array.from({ length: 8 }, (_, pair) => [arm('base', pair, 0, 4), arm('head', pair, 3, 6)]).flat())
  return { world, going }
}

function aJudgedWorkflow(): WorkflowView {
  const benchmark = aBenchmark('evaluate')
  const compare = { pairs: 8, warmup: 0, seed: 1, base: 'stored' } as const
  const inference = { gate: true, required: false, maxRegression: { kind: 'relative', fraction: 0.1 } } as const
  return aWorkflow({
    displayId: 'judged-3',
    spec: 'judged',
    status: 'COMPLETED',
    openedAt: opened - 50_000,
    finishedAt: opened + 40_000,
    tasks: { train: { state: completed }, evaluate: { state: completed, benchmarks: 'collected', template: { platform: 'bench' } } },
    plan: {
      benchmarks: [
        {
          ...benchmark,
          compare,
          metrics: { ...benchmark.metrics, inference_ms: inference, missing_metric: { gate: true, required: false } },
        },
      ],
    },
  })
}

async function print(world: World, view: WorkflowView): Promise<void> {
  for (let epoch = 1; epoch <= 3; epoch++)
    await world.logs.print(view, 'train', 1, `epoch ${epoch} loss ${(1 / epoch).toFixed(4)} ${'='.repeat(40)}>\n`)
  await world.logs.print(view, 'train', 1, `a line without a blank ${'0123456789'.repeat(30)}\n`)
}

function withTask(view: WorkflowView, name: string, state: WorkflowView['tasks'][number]['state']): WorkflowView {
  return { ...view, tasks: view.tasks.map((task) => (task.name === name ? { ...task, state } : task)) }
}
