/**
 * Takes the README's picture from a running demo: `node docs/pictures/make.mjs ADDRESS`, with the address of a pull request as
 * `npm start` prints it. Needs Chromium and a font with emoji.
 */
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const [address, name = 'pull-request.png'] = process.argv.slice(2)
if (!address) throw new Error('Expected the address of a pull request page, as npm start prints it')

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
const page = await browser.newPage({ viewport: { width: 1000, height: 1100 }, colorScheme: 'light', deviceScaleFactor: 1.25 })
await page.goto(address)
await page.locator('[data-check-name][data-status="completed"]').first().waitFor()
await page.screenshot({ path: join(import.meta.dirname, name) })
await browser.close()
