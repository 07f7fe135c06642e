import { globSync } from 'node:fs'
import { run } from 'node:test'

/**
 * Runs every test file, each in a process of its own, at most as many at once as there are processors. Prints a line per file as it
 * ends, failures whole, and closes with the counts.
 */
const started = Date.now()
const names = process.argv.slice(2)
const files = globSync('test/**/*.test.ts').filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
const counts = { passed: 0, failed: 0, skipped: 0 }

const stream = run({ files: files.toSorted(slowestFirst), concurrency: Number(process.env.TEST_CONCURRENCY ?? 2), timeout: 300_000 })
stream.on('test:pass', (event) => {
  if (event.details.type === 'suite' || isFile(event.name)) return
  counts[event.skip !== undefined ? 'skipped' : 'passed'] += 1
  if (event.skip !== undefined) console.log(`  skipped  ${event.name}: ${event.skip}`)
})
stream.on('test:fail', (event) => {
  if (event.details.type === 'suite' && (event.details.error as { failureType?: string } | undefined)?.failureType === 'subtestsFailed')
    return
  counts.failed += 1
  console.log(`  FAILED   ${event.file ?? ''} › ${event.name}\n${describe(event.details.error)}`)
})
stream.on('test:stderr', (event) => {
  if (/ExperimentalWarning|--trace-warnings/.test(event.message)) return
  process.stderr.write(event.message)
})
stream.on('test:summary', (event) => {
  if (event.file === undefined) return
  const { passed, skipped, tests } = event.counts
  const failed = tests - passed - skipped
  const name = event.file.replace(`${process.cwd()}/`, '')
  console.log(
    `${failed > 0 ? 'not ok' : 'ok    '} ${name} (${passed} passed${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}, ${(event.duration_ms / 1000).toFixed(1)} s)`,
  )
})
stream.on('end', () => {
  console.log(`\n${files.length} files in ${((Date.now() - started) / 1000).toFixed(0)} s`)
  console.log(`${counts.passed} passed, ${counts.failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''}`)
  process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0
})
stream.resume()

function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  return text
    .split('\n')
    .map((line) => `           ${line}`)
    .slice(0, 40)
    .join('\n')
}

const isFile = (name: string) => name.endsWith('.test.ts')
/** End-to-end tests take longest; started first, they do not leave a processor idle at the end. */
function slowestFirst(a: string, b: string): number {
  const weight = (file: string) => (file.includes('/end-to-end/') ? 0 : 1)
  return weight(a) - weight(b) || a.localeCompare(b)
}
