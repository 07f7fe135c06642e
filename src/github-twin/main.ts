import { readFileSync } from 'node:fs'
import { TwinOptions } from './options.ts'
import { startGithubTwin } from './server.ts'

/** Runs the twin as a process of its own: `node main.ts options.json`. Prints one JSON line when it listens, ends on SIGTERM or SIGINT. */
async function main(file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error('expected the path of a JSON file with options')
  const options = TwinOptions.parse(JSON.parse(readFileSync(file, 'utf8')))
  const twin = await startGithubTwin(options, { log: (line) => process.stderr.write(`${line}\n`) })
  const stop = () => twin.close().then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  process.stdout.write(`${JSON.stringify({ url: twin.url, port: twin.port, privateKey: twin.privateKey })}\n`)
}

await main(process.argv[2])
