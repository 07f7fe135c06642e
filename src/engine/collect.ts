import { parseBenchmarkFile } from '../benchmark/formats/parse.ts'
import { matchesGlob } from '../benchmark/glob.ts'
import type { BenchmarkRun, ParsedFile } from '../benchmark/types.ts'
import type { AttemptReference, WorkflowId } from '../workflow/names.ts'
import type { PlannedBenchmark } from '../workflow/plan-types.ts'
import { isCompleted, isFinished } from '../workflow/status.ts'
import { type ObjectStore, outputPrefix, type SampleStore, type ViewStore, type WorkflowStore } from './ports.ts'
import type { RunsIndex } from './task-protocol.ts'

export type CollectDeps = {
  readonly views: ViewStore
  readonly objects: ObjectStore
  readonly samples: SampleStore
  readonly workflows: WorkflowStore
  readonly wakeWorkflow: (id: WorkflowId) => void
}

/** Of one file; a larger one is unmeasured, and says so. */
const maxFileBytes = 8 * 1024 ** 2
/** Files of one run that one pattern may match. */
const maxFiles = 50
const maxListed = 20_000

/**
 * Reads the benchmark files of an ended attempt and keeps what they say. A file that is missing, too large or broken is kept as
 * unmeasured with its reason: nothing missing is ever forgotten (law 7).
 */
export async function collectBenchmarks(id: WorkflowId, taskName: string, attempt: number, deps: CollectDeps): Promise<void> {
  const view = await deps.views.workflow(id)
  const task = view?.tasks.find(({ name }) => name === taskName)
  if (!view || !task || task.state.attempt !== attempt) return
  const source = isFinished(task.state) && task.state.outputs === 'stored' ? task.outputs : undefined
  const completed = isFinished(task.state) && isCompleted(task.state)
  const declared = view.plan.benchmarks.filter((benchmark) => benchmark.task === taskName)
  for (const benchmark of declared) {
    await deps.samples.save(
      { workflow: id, task: taskName, attempt },
      benchmark.name,
      source ? await readRuns(source, benchmark, deps.objects) : completed ? [nothingLeft(benchmark)] : [],
    )
  }
  await deps.workflows.post(id, { kind: 'benchmarks-collected', task: taskName, attempt })
  deps.wakeWorkflow(id)
}

/** One run at the top of the output, or those that a comparison left below `runs/`, which only a comparison's supervisor writes. */
async function readRuns(source: AttemptReference, benchmark: PlannedBenchmark, objects: ObjectStore): Promise<readonly BenchmarkRun[]> {
  const prefix = outputPrefix(source)
  const keys = (await objects.list(prefix, maxListed)).map(({ key }) => key.slice(prefix.length))
  const folders = benchmark.compare ? runFolders(keys) : []
  if (folders.length === 0) return [{ arm: 'head', pair: 0, files: await readFiles(prefix, keys, benchmark, objects) }]
  const note = await baseNote(prefix, objects)
  return Promise.all(
    folders.map(async ({ folder, arm, pair }) => {
      const below = `runs/${folder}/`
      const own = keys.filter((key) => key.startsWith(below)).map((key) => key.slice(below.length))
      const files = await readFiles(`${prefix}${below}`, own, benchmark, objects)
      return { arm, pair, files: arm === 'base' && note !== undefined ? files.map((file) => withWarning(file, note)) : files }
    }),
  )
}

type RunFolder = { readonly folder: string; readonly arm: BenchmarkRun['arm']; readonly pair: number }

function runFolders(keys: readonly string[]): readonly RunFolder[] {
  const names = new Set(keys.map((key) => /^runs\/(\d{1,5}-(?:base|head))\//.exec(key)?.[1]).filter((name) => name !== undefined))
  return [...names].map((folder) => {
    const [pair = '0', arm] = folder.split('-')
    return { folder, arm: arm === 'base' ? 'base' : 'head', pair: Number(pair) }
  })
}

/** Said when base could not run as head's task says and ran as its own does. */
async function baseNote(prefix: string, objects: ObjectStore): Promise<string | undefined> {
  const bytes = await objects.read(`${prefix}runs/index.json`, maxFileBytes)
  if (!bytes) return undefined
  const { base } = JSON.parse(new TextDecoder().decode(bytes)) as RunsIndex
  return base?.kind === 'fallback' ? base.note : undefined
}

type ReadFile = BenchmarkRun['files'][number]

function withWarning(file: ReadFile, warning: string): ReadFile {
  return file.parsed.kind === 'measured' ? { ...file, parsed: { ...file.parsed, warnings: [...file.parsed.warnings, warning] } } : file
}

const nothingLeft = ({ path }: PlannedBenchmark): BenchmarkRun => ({
  arm: 'head',
  pair: 0,
  files: [{ path, parsed: unmeasured(`no file ${path} in the output, which is empty`) }],
})

async function readFiles(prefix: string, keys: readonly string[], { path, format }: PlannedBenchmark, objects: ObjectStore) {
  const matching = keys.filter((key) => matchesGlob(path, key)).slice(0, maxFiles)
  if (matching.length === 0) return [{ path, parsed: unmeasured(`no file ${path} in the output`) }]
  return Promise.all(matching.map(async (key) => ({ path: key, parsed: await readFile(`${prefix}${key}`, key, format, objects) })))
}

async function readFile(key: string, path: string, format: string | undefined, objects: ObjectStore): Promise<ParsedFile> {
  try {
    const bytes = await objects.read(key, maxFileBytes)
    if (!bytes) return unmeasured(`${path} is gone from the output`)
    return parseBenchmarkFile(new TextDecoder().decode(bytes), format === undefined ? { path } : { path, format })
  } catch (error) {
    return unmeasured(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const unmeasured = (reason: string): ParsedFile => ({ kind: 'unmeasured', reason })
