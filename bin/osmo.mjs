#!/usr/bin/env node
/** The `osmo` command: runs src/cli.ts, under the Node of this installation where the Node that started it is too old. */
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(realpathSync(fileURLToPath(import.meta.url))), '..')
const oldestNode = 24

if (Number(process.versions.node.split('.')[0]) >= oldestNode) {
  // Compiled code of the last start, so that a command needs a tenth of a second and not half of one.
  module.enableCompileCache(join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'osmo-runner', 'compiled'))
  const { main } = await import('../src/cli.ts')
  await main()
} else {
  runUnder(join(root, 'node_modules', '.bin', 'node'))
}

function runUnder(ownNode) {
  if (!existsSync(ownNode)) {
    console.error(`osmo: expected Node ${oldestNode} or newer, or "npm install" to have been run; this is ${process.version}`)
    process.exit(2)
  }
  const child = spawn(ownNode, [join(root, 'bin', 'osmo.mjs'), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
}
