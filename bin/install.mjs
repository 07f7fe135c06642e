/**
 * Installs what package-lock.json names when node_modules does not hold it yet. Runs before `npm start` and `npm test`, so that a bare
 * machine needs one command. Plain JavaScript: it runs under whatever Node is there.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Type stripping and the libraries need it; where a package brings it, npm scripts use that one. */
const oldestNode = 24
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stamp = join(root, 'node_modules', '.installed-from')

install()
expectNode()

function install() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  console.log('Installing dependencies …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) {
    console.error('Expected `npm ci` to succeed; see its message above.')
    process.exit(status ?? 1)
  }
  writeFileSync(stamp, wanted)
}

function expectNode() {
  const brought = existsSync(join(root, 'node_modules', '.bin', 'node'))
  if (brought || Number(process.versions.node.split('.')[0]) >= oldestNode) return
  console.error(
    `Expected Node ${oldestNode} or newer on ${process.platform} ${process.arch}, got ${process.version}. Only for Linux does npm bring it along.`,
  )
  process.exit(1)
}
