import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expandDirectories } from '../../../src/spec/export-directories.ts'
import { exportSpec } from '../../../src/spec/export-spec.ts'
import { locateSpec, parseSpec, renderSpec } from '../../../src/spec/parse-spec.ts'
import { createReporter } from '../../../src/spec/reporter.ts'
import type { Diagnostic, TemplateValue } from '../../../src/spec/types.ts'
import { toTemplateValue } from '../../../src/spec/yaml/plain-data.ts'
import { loadPyYaml } from '../../../src/spec/yaml/pyyaml.ts'
import { writeYaml } from '../../../src/spec/yaml/write.ts'
import { mutate, random, spec } from './mutations.ts'

/** `FUZZ_COUNT=1000000 node --test test/spec/fuzz/fuzz.test.ts` is the long run. */
const count = Number(process.env.FUZZ_COUNT ?? 10_000)
const seed = Number(process.env.FUZZ_SEED ?? 20_261_124)

/** Of processor time, so that a busy machine does not count. */
const maximumSeconds = 1
/** What may stay in memory from the first tenth of the run to its end. */
const maximumGrowthBytes = 64 * 1024 * 1024

const root = join(import.meta.dirname, '..', '..', '..')
// The cookbook of NVIDIA's is not part of this repository; where it lies beside it, its files are mutated too.
const cookbook = join(root, '..', 'shared', 'reference', 'osmo-specs')
const files = [...globSync(join(root, 'templates/**/.osmo/*.yaml')), ...(existsSync(cookbook) ? globSync(join(cookbook, '*.yaml')) : [])]
const originals = [spec, ...files.toSorted().map((file) => readFileSync(file, 'utf8'))]

const options = { file: '.osmo/nav.yaml', values: { storage_url: 's3://bucket/prefix' } }

describe(`${count} mutations of ${originals.length} specs, seed ${seed}`, () => {
  it('each is read within bounds, faults have their places, and what is valid survives its export', () => {
    const next = random(seed)
    let valid = 0
    let slowest = { seconds: 0, text: '' }
    let heapBefore = 0
    for (let index = 0; index < count; index++) {
      if (index === Math.floor(count / 10)) heapBefore = heapAfterCollection()
      const text = mutate(originals[Math.floor(next() * originals.length)] ?? spec, next)
      const before = process.cpuUsage()
      const result = readOrThrow(text, index)
      const { user, system } = process.cpuUsage(before)
      if ((user + system) / 1e6 > slowest.seconds) slowest = { seconds: (user + system) / 1e6, text }
      if (result.kind === 'invalid') checkFaults(result.diagnostics, text)
      else if (++valid % 10 === 0) checkExport(text)
    }
    const growth = heapAfterCollection() - heapBefore
    console.log(
      `seed ${seed}: ${count} read, ${valid} of them valid, slowest ${slowest.seconds.toFixed(3)} s, heap ${(growth / 2 ** 20).toFixed(1)} MiB larger`,
    )
    assert.ok(slowest.seconds < maximumSeconds, `${slowest.seconds} s for\n${slowest.text}`)
    assert.ok(growth < maximumGrowthBytes, `the heap grew by ${growth} bytes`)
    assert.ok(valid > count / 100, `only ${valid} are valid, so nearly nothing but the first check was tried`)
  })
})

function readOrThrow(text: string, index: number) {
  try {
    return parseSpec(text, options)
  } catch (error) {
    throw new Error(`mutation ${index} of seed ${seed} throws:\n${text}`, { cause: error })
  }
}

function checkFaults(diagnostics: readonly Diagnostic[], text: string): void {
  assert.ok(
    diagnostics.some(({ severity }) => severity === 'error'),
    text,
  )
  const lines = text.split('\n').length
  for (const { line, column, endLine, endColumn, code, message } of diagnostics) {
    assert.ok(line >= 1 && line <= lines && column >= 1, `${code} at ${line}:${column} in\n${text}`)
    assert.ok(endLine > line || (endLine === line && endColumn >= column), `${code} ends before it begins in\n${text}`)
    assert.match(code, /^(?:syntax|template|schema|semantic|limit)\/[a-z0-9-]+$/)
    assert.ok(message.length > 10 && message.length <= 2_001)
  }
}

/** Render, export, render: the same document, with every localpath taken for a directory; and a second export changes nothing more. */
function checkExport(text: string): void {
  const directories = directoriesIn(text)
  const exported = exportSpec(text, { ...options, directories })
  assert.equal(exported.kind, 'exported', text)
  if (exported.kind !== 'exported') return
  const plain = { file: options.file }
  const document = documentOf(text, options)
  assert.deepEqual(readAgain(writeYaml(document)), document, text)
  const expected = expandDirectories(document, directories)
  assert.deepEqual(documentOf(exported.text, plain), expected, `${text}\n--- exported\n${exported.text}`)
  const again = exportSpec(exported.text, { ...plain, directories: {} })
  assert.equal(again.kind === 'exported' && again.text, exported.text)
}

/** What `osmo render` prints, as PyYAML reads it. */
function readAgain(yaml: string): TemplateValue | undefined {
  const reporter = createReporter(options.file, yaml)
  const node = loadPyYaml(yaml, (start, end) => ({ start, end }), reporter)
  return node && toTemplateValue(node)
}

function directoriesIn(text: string): Readonly<Record<string, readonly string[]>> {
  const located = locateSpec(text, options)
  const localpaths = located.kind === 'valid' ? located.places.localpaths : []
  return Object.fromEntries(localpaths.map(({ localpath }) => [localpath, ['a.py', "b/it's {{c}}: d"]]))
}

function documentOf(text: string, given: Parameters<typeof renderSpec>[1]): TemplateValue {
  const result = renderSpec(text, given)
  return result.kind === 'rendered' ? result.document : assert.fail(JSON.stringify(result.diagnostics))
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

function heapAfterCollection(): number {
  collect()
  return process.memoryUsage().heapUsed
}
