import { parseBenchmarkFile } from '../benchmark/formats/parse.ts'
import { matchesGlob } from '../benchmark/glob.ts'
import type { BenchmarkRun, ParsedFile } from '../benchmark/types.ts'
import type { AttemptReference, WorkflowId } from '../workflow/names.ts'
import type { PlannedBenchmark } from '../workflow/plan-types.ts'
import { isFinished } from '../workflow/status.ts'
import { type ObjectStore, outputPrefix, type SampleStore, type ViewStore, type WorkflowStore } from './ports.ts'

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
  const stored = isFinished(task.state) && task.state.outputs === 'stored'
  const source = stored ? task.outputs : undefined
  const declared = view.plan.benchmarks.filter((benchmark) => benchmark.task === taskName)
  for (const benchmark of declared) {
    await deps.samples.save(
      { workflow: id, task: taskName, attempt },
      benchmark.name,
      source ? await readRuns(source, benchmark, deps.objects) : [],
    )
  }
  await deps.workflows.post(id, { kind: 'benchmarks-collected', task: taskName, attempt })
  deps.wakeWorkflow(id)
}

/** One run at the top of the output, or those that a comparison left below `runs/`. */
async function readRuns(source: AttemptReference, benchmark: PlannedBenchmark, objects: ObjectStore): Promise<readonly BenchmarkRun[]> {
  const prefix = outputPrefix(source)
  const keys = (await objects.list(prefix, maxListed)).map(({ key }) => key.slice(prefix.length))
  const folders = [...new Set(keys.map((key) => /^runs\/(\d{1,5}-(?:base|head))\//.exec(key)?.[1]))].filter(
    (folder) => folder !== undefined,
  )
  if (folders.length === 0) return [{ arm: 'head', pair: 0, files: await readFiles(prefix, keys, benchmark, objects) }]
  return Promise.all(
    folders.map(async (folder) => {
      const below = `runs/${folder}/`
      const files = await readFiles(
        `${prefix}${below}`,
        keys.filter((key) => key.startsWith(below)).map((key) => key.slice(below.length)),
        benchmark,
        objects,
      )
      const [pair = '0', arm = 'head'] = folder.split('-')
      return { arm: arm === 'base' ? 'base' : 'head', pair: Number(pair), files }
    }),
  )
}

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
