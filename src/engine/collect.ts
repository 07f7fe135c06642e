import { parseBenchmarkFile } from '../benchmark/formats/parse.ts'
import { matchesGlob } from '../benchmark/glob.ts'
import type { BenchmarkRun, ParsedFile } from '../benchmark/types.ts'
import type { AttemptReference, WorkflowId } from '../workflow/names.ts'
import type { PlannedBenchmark } from '../workflow/plan-types.ts'
import { isCompleted, isFinished } from '../workflow/status.ts'
import { indexPath } from './judgement.ts'
import { type ObjectStore, outputPrefix, type SampleStore, type ViewStore, type WorkflowStore, type WorkflowView } from './ports.ts'
import type { RunsIndex } from './task-protocol.ts'

/** Never throws for what a file says; unmeasured with the reason when it takes too long. */
export type BenchmarkParser = (text: string, options: { readonly path: string; readonly format?: string }) => Promise<ParsedFile>
export const parseInProcess: BenchmarkParser = async (text, options) => parseBenchmarkFile(text, options)

export type CollectDeps = {
  readonly views: ViewStore
  readonly objects: ObjectStore
  readonly samples: SampleStore
  readonly workflows: WorkflowStore
  readonly wakeWorkflow: (id: WorkflowId) => void
  readonly parseBenchmark: BenchmarkParser
}

export const collectLimits = {
  /** Of one file; a larger one is unmeasured, and says so. */
  fileBytes: 8 * 1024 ** 2,
  runBytes: 32 * 1024 ** 2,
  /** Of all runs of a task, for all its benchmarks. */
  taskBytes: 128 * 1024 ** 2,
  /** Files of one run that one pattern may match. */
  files: 50,
  indexBytes: 1024 ** 2,
  listed: 20_000,
} as const

/**
 * Reads the benchmark files of an ended attempt and keeps what they say, one file at a time. A file that is missing, too large or broken
 * is kept as unmeasured with its reason: nothing missing is ever forgotten (law 7).
 */
export async function collectBenchmarks(reference: AttemptReference, deps: CollectDeps, signal: AbortSignal): Promise<void> {
  const view = await deps.views.workflow(reference.workflow)
  const task = taskOf(view, reference)
  if (!view || !task) return
  const source = isFinished(task.state) && task.state.outputs === 'stored' ? task.outputs : undefined
  const completed = isFinished(task.state) && isCompleted(task.state)
  const reading = source && (await openReading(source, deps, signal))
  for (const benchmark of declaredIn(view, reference.task))
    await deps.samples.save(
      reference,
      benchmark.name,
      reading ? await readRuns(reading, benchmark) : completed ? [nothingLeft(benchmark, 'the output, which is empty')] : [],
    )
  await announce(reference, deps)
}

/** Its files will never be read: every benchmark of the task is unmeasured. */
export async function leaveUnmeasured(reference: AttemptReference, why: string, deps: Omit<CollectDeps, 'parseBenchmark'>): Promise<void> {
  const view = await deps.views.workflow(reference.workflow)
  if (!view || !taskOf(view, reference)) return
  const parsed = unmeasured(`its files could not be read: ${why.slice(0, 300)}`)
  for (const { name, path } of declaredIn(view, reference.task))
    await deps.samples.save(reference, name, [{ arm: 'head', pair: 0, files: [{ path, parsed }] }])
  await announce(reference, deps)
}

/** Undefined when a newer attempt has taken its place. */
function taskOf(view: WorkflowView | undefined, { task, attempt }: AttemptReference) {
  return view?.tasks.find(({ name, state }) => name === task && state.attempt === attempt)
}

const declaredIn = (view: WorkflowView, task: string) => view.plan.benchmarks.filter((benchmark) => benchmark.task === task)

async function announce({ workflow, task, attempt }: AttemptReference, deps: Pick<CollectDeps, 'workflows' | 'wakeWorkflow'>) {
  await deps.workflows.post(workflow, { kind: 'benchmarks-collected', task, attempt })
  deps.wakeWorkflow(workflow)
}

// -------------------------------------------------------------------- reading

type Listed = { readonly path: string; readonly bytes: number }
type Reading = {
  readonly prefix: string
  readonly files: readonly Listed[]
  readonly deps: CollectDeps
  readonly signal: AbortSignal
  /** Of `taskBytes`. */
  left: number
}

async function openReading(source: AttemptReference, deps: CollectDeps, signal: AbortSignal): Promise<Reading> {
  const prefix = outputPrefix(source)
  const listed = await deps.objects.list(prefix, collectLimits.listed)
  const files = listed.map(({ key, bytes }) => ({ path: key.slice(prefix.length), bytes }))
  return { prefix, files, deps, signal, left: collectLimits.taskBytes }
}

/** One run at the top of the output, or those that a comparison left below `runs/`, which only a comparison's supervisor writes. */
async function readRuns(reading: Reading, benchmark: PlannedBenchmark): Promise<readonly BenchmarkRun[]> {
  const folders = benchmark.compare ? runFolders(reading.files) : []
  if (folders.length === 0) return [{ arm: 'head', pair: 0, files: await readFiles(reading, '', benchmark) }]
  const { base, remarks } = await readIndex(reading)
  const runs: BenchmarkRun[] = base.kind === 'unmeasured' ? [baseIsUnmeasured(base.note)] : []
  for (const { folder, arm, pair } of folders) {
    if (arm === 'base' && base.kind === 'unmeasured') continue
    const files = await readFiles(reading, `runs/${folder}/`, benchmark)
    const said = arm === 'base' && base.kind === 'fallback' ? [base.note] : remarks
    runs.push({ arm, pair, files: files.map((file) => withWarnings(file, said)) })
  }
  return runs
}

type RunFolder = { readonly folder: string; readonly arm: BenchmarkRun['arm']; readonly pair: number }

function runFolders(files: readonly Listed[]): readonly RunFolder[] {
  const names = new Set(files.map(({ path }) => /^runs\/(\d{1,5}-(?:base|head))\//.exec(path)?.[1]).filter((name) => name !== undefined))
  return [...names].map((folder) => {
    const [pair = '0', arm] = folder.split('-')
    return { folder, arm: arm === 'base' ? 'base' : 'head', pair: Number(pair) }
  })
}

type Base = { readonly kind: 'measured' } | { readonly kind: 'fallback' | 'unmeasured'; readonly note: string }

type Index = { readonly base: Base; readonly remarks: readonly string[] }

/** What the supervisor says of the runs. What cannot be read proves nothing, and base's runs are not used. */
async function readIndex({ prefix, deps }: Reading): Promise<Index> {
  try {
    const bytes = await deps.objects.read(`${prefix}${indexPath}`, collectLimits.indexBytes)
    if (!bytes) return { base: { kind: 'measured' }, remarks: [] }
    const { base, fileSystem } = JSON.parse(new TextDecoder().decode(bytes)) as RunsIndex
    return { base: knownBase(base), remarks: base !== undefined && fileSystem === 'shared' ? [sharedRemark] : [] }
  } catch (error) {
    return { base: { kind: 'unmeasured', note: `${indexPath} cannot be read: ${messageOf(error)}` }, remarks: [] }
  }
}

/** extensions.md §4. */
const sharedRemark = 'base and head ran as plain processes and shared a file system, so what one left behind could reach the other'

function knownBase(base: RunsIndex['base']): Base {
  if (base === undefined || base.kind === 'measured') return { kind: 'measured' }
  if (['fallback', 'unmeasured'].includes(base.kind) && typeof base.note === 'string') return base
  return { kind: 'unmeasured', note: `${indexPath} says nothing known of base` }
}

const baseIsUnmeasured = (note: string): BenchmarkRun => ({ arm: 'base', pair: 0, files: [{ path: indexPath, parsed: unmeasured(note) }] })

type ReadFile = BenchmarkRun['files'][number]

function withWarnings(file: ReadFile, warnings: readonly string[]): ReadFile {
  return file.parsed.kind === 'measured' ? { ...file, parsed: { ...file.parsed, warnings: [...file.parsed.warnings, ...warnings] } } : file
}

const nothingLeft = ({ path }: PlannedBenchmark, where: string): BenchmarkRun => ({
  arm: 'head',
  pair: 0,
  files: [{ path, parsed: unmeasured(`no file ${path} in ${where}`) }],
})

async function readFiles(reading: Reading, below: string, benchmark: PlannedBenchmark): Promise<readonly ReadFile[]> {
  const own = reading.files
    .filter(({ path }) => path.startsWith(below))
    .map(({ path, bytes }) => ({ path: path.slice(below.length), bytes }))
  const matching = own.filter(({ path }) => matchesGlob(benchmark.path, path)).slice(0, collectLimits.files)
  if (matching.length === 0) return nothingLeft(benchmark, 'the output').files
  const read: ReadFile[] = []
  let left: number = collectLimits.runBytes
  for (const { path, bytes } of matching) {
    const refusal = tooMuch(path, bytes, { run: left, task: reading.left })
    if (!refusal) {
      left -= bytes
      reading.left -= bytes
    }
    read.push({ path, parsed: refusal ?? (await readFile(reading, below, path, benchmark.format)) })
  }
  return read
}

function tooMuch(path: string, bytes: number, left: { readonly run: number; readonly task: number }): ParsedFile | undefined {
  if (bytes > collectLimits.fileBytes) return unmeasured(`${path} has ${bytes} bytes; at most ${collectLimits.fileBytes} are read`)
  if (bytes > left.run) return unmeasured(`${path} was not read: files of one run may have ${collectLimits.runBytes} bytes in all`)
  if (bytes > left.task) return unmeasured(`${path} was not read: files of one task may have ${collectLimits.taskBytes} bytes in all`)
  return undefined
}

/** A deadline that has passed is the outbox's business; everything else is about the file. */
async function readFile({ prefix, deps, signal }: Reading, below: string, path: string, format: string | undefined): Promise<ParsedFile> {
  signal.throwIfAborted()
  try {
    const bytes = await deps.objects.read(`${prefix}${below}${path}`, collectLimits.fileBytes)
    if (!bytes) return unmeasured(`${path} is gone from the output`)
    return await deps.parseBenchmark(new TextDecoder().decode(bytes), format === undefined ? { path } : { path, format })
  } catch (error) {
    return unmeasured(`${path} cannot be read: ${messageOf(error)}`)
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
const unmeasured = (reason: string): ParsedFile => ({ kind: 'unmeasured', reason })
