import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { chromium } from 'playwright-core'
import { startStage } from './harness.ts'

const browserPath = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
const skip = browserPath === undefined && process.env.CI !== 'true' ? 'no Chromium on this machine' : false

test('a person watches a check, opens it, and speaks, without a reload', { skip }, async () => {
  assert.ok(browserPath !== undefined, 'expected Chromium at /usr/bin/chromium, found none: apt-get install chromium')
  const stage = await startStage()
  const { admin } = stage.twin
  for (const login of ['mona', 'stranger']) await admin.createUser({ login })
  await admin.createRepository({ owner: 'mona', name: 'arm' })
  await admin.install({ owner: 'mona' })
  await admin.commitFiles({ repository: 'mona/arm', branch: 'main', author: 'mona', message: 'First', files: { a: 'a\n' } })
  const { sha } = await admin.commitFiles({
    repository: 'mona/arm',
    branch: 'next',
    from: 'main',
    author: 'mona',
    message: 'Next',
    files: { a: 'b\n' },
  })
  await admin.createPullRequest({ repository: 'mona/arm', title: 'Next', head: 'next', author: 'mona' })
  const token = await stage.installationToken()
  const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    await page.goto(`${stage.twin.url}/mona/arm/pull/1`)
    const { body: run } = await stage.call('POST', '/repos/mona/arm/check-runs', token, {
      name: 'osmo / train',
      head_sha: sha,
      status: 'queued',
    })
    const check = page.locator('[data-check-name="osmo / train"]')
    await check.and(page.locator('[data-status=queued]')).waitFor()
    await check.locator('> summary').click()
    const output = { title: 'Better', summary: '**+15 pt** <img src=x onerror="window.hacked = true">' }
    await stage.call('PATCH', `/repos/mona/arm/check-runs/${run.id}`, token, { conclusion: 'success', output })
    await check.and(page.locator('[data-conclusion=success]')).waitFor()
    await check.locator('strong', { hasText: '+15 pt' }).waitFor({ state: 'visible' })
    await page.selectOption('#person', 'stranger')
    await page.fill('#comment-body', '/osmo help')
    await page.click('#send')
    await page.locator('article[data-author=stranger]', { hasText: '/osmo help' }).waitFor()
    assert.equal(await page.inputValue('#comment-body'), '')
    await check.getByRole('button', { name: 'Re-run' }).click()
    await page.locator('#notice.bad', { hasText: 'may not re-run' }).waitFor()
    await page.selectOption('#person', 'mona')
    await check.getByRole('button', { name: 'Re-run' }).click()
    await page.locator('#notice:not(.bad)', { hasText: 'The app was told' }).waitFor()
    await admin.idle({})
    assert.deepEqual([stage.receiver.hooks.at(-1)?.body.action, stage.receiver.hooks.at(-1)?.body.sender.login], ['rerequested', 'mona'])
    assert.equal(await page.evaluate('window.hacked'), undefined)
    assert.deepEqual(errors, [])
  } finally {
    await browser.close()
    await stage.close()
  }
})
