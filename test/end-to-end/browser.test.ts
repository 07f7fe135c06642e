import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { anInstallation, repository, type TestInstallation } from '../harness/installation.ts'
import { specText, taskText } from '../harness/specs.ts'

const browserPath = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
const skip = browserPath === undefined && process.env.CI !== 'true' ? 'no Chromium on this machine: apt-get install chromium' : false
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-sync']
/** Set to a directory to look at what the tests see. */
const pictures = process.env.OSMO_PICTURES

const judged = 'benchmarks:\n  - {task: judge, path: speed.json, metrics: {speed: {gate: true, min: 50, direction: higher, unit: fps}}}'
const change = {
  '.osmo/reach.yaml': specText({
    name: 'reach',
    script: 'for i in $(seq 40); do echo "episode $i of 40"; sleep 0.15; done; echo "the last episode" | tee {{output}}/data',
    sections: `on: {pull_request: {}}\n\n${judged}`,
    tasks: taskText('judge', 'cat {{input:0}}/data; echo \'{"speed": 61.5}\' > {{output}}/speed.json', ['work']),
  }),
  '.osmo/broken.yaml': 'workflow:\n  name: broken\n  tasks: [unclosed\n',
  '.osmo/flaky.yaml': specText({ name: 'flaky', script: 'echo the arm fell over; exit 3', sections: 'on: {pull_request: {}}' }),
}

describe('a person with a browser', { skip }, () => {
  let world: TestInstallation
  let browser: Browser
  let page: Page
  const problems: string[] = []
  before(async () => {
    assert.ok(browserPath !== undefined, 'expected Chromium at /usr/bin/chromium, found none: apt-get install chromium')
    ;[world, browser] = await Promise.all([anInstallation(), chromium.launch({ executablePath: browserPath, args: quiet })])
    await world.admin('grant', { repository, login: 'sam', role: 'read' })
    await world.push('main', { 'README.md': 'robot' })
    await world.push('change', change, 'main')
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  })
  after(async () => {
    await browser?.close()
    await world?.end()
  })

  const check = (name: string) => page.locator(`[data-check-name="osmo / ${name}"]`)
  const said = (author: string, text: RegExp) => page.locator(`article[data-author="${author}"]`, { hasText: text }).last()
  async function picture(name: string): Promise<void> {
    if (pictures === undefined) return
    mkdirSync(pictures, { recursive: true })
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
  }

  it('opens a pull request by the printed address, and sees its check move without a reload', async () => {
    const address = /GitHub\s+(http\S+)/.exec(world.output())?.[1] ?? ''
    await page.goto(address)
    await page.getByRole('link', { name: repository }).click()
    const number = await world.openPullRequest('change', 'Reach further')
    await page.getByRole('link', { name: 'Reach further' }).click()
    await page.waitForURL(`**/${repository}/pull/${number}`)
    const moved = page.evaluate<string[]>(statesSeen)
    await check('reach').and(page.locator('[data-status=in_progress]')).waitFor()
    await picture('1-in-progress')
    await check('reach').and(page.locator('[data-conclusion=success]')).waitFor()
    const states = await moved
    assert.deepEqual(
      states.filter((state) => state !== 'queued'),
      ['in_progress', 'completed'],
    )
    await check('flaky').and(page.locator('[data-conclusion=failure]')).waitFor()
    await check('config').and(page.locator('[data-conclusion=failure]')).waitFor()
  })

  it('reads in the check what failed, and in the report the verdict', async () => {
    await check('flaky').locator('> summary').click()
    await check('flaky').getByText('the arm fell over').waitFor()
    await check('config').locator('> summary').click()
    await check('config').getByText('.osmo/broken.yaml#L3').waitFor()
    await said('osmo-runner[bot]', /1 of 1 gate fine/).waitFor()
    await picture('2-report')
  })

  it('picks who to be, types a command, and gets an answer', async () => {
    await page.selectOption('#person', 'mara')
    await page.fill('#comment-body', '/osmo status')
    await page.click('#send')
    await said('osmo-runner[bot]', /reach.*completed/s).waitFor()
    await page.fill('#comment-body', '/osmo rerum')
    await page.click('#send')
    await said('osmo-runner[bot]', /Did you mean rerun/).waitFor()
    await picture('3-answers')
  })

  it('as a stranger is refused, kindly', async () => {
    await page.selectOption('#person', 'sam')
    await page.fill('#comment-body', '/osmo rerun failed')
    await page.click('#send')
    await said('osmo-runner[bot]', /needs write permission.*sam has read/).waitFor()
    await page.locator('[data-reaction="-1"]').waitFor()
    await picture('4-refused')
  })

  it('follows a live log on our own pages, at their printed address', async () => {
    await page.selectOption('#person', 'mara')
    await page.fill('#comment-body', '/osmo rerun reach')
    await page.click('#send')
    await check('reach').and(page.locator('[data-status=in_progress]')).waitFor()
    await page.goto(/pages\s+(http\S+)/.exec(world.output())?.[1] ?? '')
    await picture('5-workflows')
    await page.getByRole('link', { name: 'reach-2', exact: true }).click()
    await picture('6-workflow')
    await page.getByRole('link', { name: 'work', exact: true }).click()
    const log = (text: RegExp) => page.locator('#log', { hasText: text })
    await log(/episode 3 of 40/).waitFor()
    assert.equal(await log(/the last episode/).count(), 0)
    await picture('7-live-log')
    await log(/the last episode/).waitFor()
    await picture('8-log')
  })

  it('comes to the workflow from the link of its check', async () => {
    await page.goto(`${world.githubUrl}/${repository}/pull/1`)
    await check('reach').locator('> summary').click()
    await check('reach').getByRole('link', { name: 'Details' }).click()
    await page.waitForURL('**/workflows/reach-2')
    assert.match((await page.locator('main').textContent()) ?? '', /judge/)
    await picture('9-details')
  })

  it('reads all of it on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    for (const [name, address] of [
      ['10-phone-workflow', page.url()],
      ['11-phone-pull-request', `${world.githubUrl}/${repository}/pull/1`],
    ] as const) {
      await page.goto(address)
      await picture(name)
      const width = await page.evaluate<number>('document.documentElement.scrollWidth')
      assert.ok(width <= 390, `${name} is ${width} px wide`)
    }
  })

  it('never met an error of a page', () => assert.deepEqual(problems, []))
})

/** In the page: each state that the check was shown in, until it is completed. */
const statesSeen = `new Promise((resolve) => {
  const states = []
  const timer = setInterval(() => {
    const state = document.querySelector('[data-check-name="osmo / reach"]')?.dataset.status
    if (state && states.at(-1) !== state) states.push(state)
    if (state === 'completed') { clearInterval(timer); resolve(states) }
  }, 50)
})`
