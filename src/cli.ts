import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from './cli/arguments.ts'
import { help, unknownCommand } from './cli/help.ts'
import type { Terminal } from './cli/terminal.ts'

type Command = (parameters: readonly string[], terminal: Terminal) => Promise<number>

/** Loaded on demand, so that each starts as quickly as it can. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  validate: async () => (await import('./cli/validate.ts')).validate,
  render: async () => (await import('./cli/render.ts')).render,
  export: async () => (await import('./cli/export.ts')).exportCommand,
  plan: async () => (await import('./cli/plan.ts')).plan,
  schema: async () => (await import('./cli/schema.ts')).schema,
  config: async () => (await import('./cli/config-check.ts')).configCheck,
  new: async () => (await import('./cli/new.ts')).newCommand,
  help: async () => help,
}

/** Runs the `osmo` command. Exit code 0: fine; 1: errors in what was read; 2: the command line is wrong. */
export async function run(parameters: readonly string[], terminal: Terminal): Promise<number> {
  const [name = 'help', ...rest] = parameters
  const asksHelp = rest.some((one) => one === '--help' || one === '-h')
  try {
    if (name === '--help' || name === '-h') return await help([], terminal)
    if (name === '--version' || name === '-V') return version(terminal)
    if (asksHelp) return await help([name], terminal)
    const load = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (load === undefined) throw new UsageError(unknownCommand(name))
    const command = await load()
    return await command(rest, terminal)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    terminal.error(`osmo: ${error.message}\n`)
    return 2
  }
}

function version(terminal: Terminal): number {
  const manifest: { version: string } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'))
  terminal.out(`${manifest.version}\n`)
  return 0
}

async function readInput(limit: number): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk)
    size += chunk.length
    if (size > limit) break
  }
  return Buffer.concat(chunks).subarray(0, limit + 1)
}

/** The command of this process: its arguments, streams and exit code. */
export async function main(): Promise<void> {
  // A reader that has seen enough, such as `head`, is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  process.exitCode = await run(process.argv.slice(2), {
    directory: process.cwd(),
    colour: process.stdout.isTTY && process.stdout.hasColors() ? 'colour' : 'plain',
    input: readInput,
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
  })
}

if (import.meta.main) await main()
