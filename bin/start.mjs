/** `npm start`: installs what is missing, then runs the service under the Node that came with it. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import './install.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const brought = join(root, 'node_modules', '.bin', 'node')
const node = existsSync(brought) ? brought : process.execPath
const service = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, 'src', 'main.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
})
// Ctrl-C reaches the whole group by itself; what is sent to this process alone is handed on.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => service.kill(signal))
service.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
