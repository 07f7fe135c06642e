import { resolveBenchmarks } from './git/benchmark-rules.ts'
import { benchmarksShape } from './git/benchmarks-shape.ts'
import { checkoutShape, type ReadCheckout } from './git/checkout-shape.ts'
import { concurrencyShape } from './git/concurrency-shape.ts'
import { readGitSection } from './git/section.ts'
import { triggersShape } from './git/triggers-shape.ts'
import { resolveGroups } from './osmo/rules.ts'
import type { ReadTask } from './osmo/task.ts'
import { type ReadWorkflow, workflowShape } from './osmo/workflow.ts'
import { createPatternShelf } from './pattern.ts'
import { placesOf, readTasks, type SpecPlaces } from './places.ts'
import { loadDocument, type RenderedDocument } from './render-document.ts'
import { createReporter, type Reporter } from './reporter.ts'
import { readSections, type Sections } from './sections.ts'
import { present, toObject } from './shape/record.ts'
import { createLineIndex, sourceOf } from './source-text.ts'
import { reportUnresolvedTokens } from './token-warnings.ts'
import type { Diagnostic, SpecOptions, SpecResult, TemplateValue, Triggers, WorkflowSpec } from './types.ts'
import { withoutRefused } from './yaml/mend.ts'
import { toDocument, toTemplateValue } from './yaml/plain-data.ts'

/** UTF-8 bytes of one spec file (extensions.md §6). */
export const maximumSpecBytes = 1024 * 1024

/**
 * Reads a spec file: cuts it into sections, renders and loads `workflow`, and checks every rule. Never throws; an
 * invalid file gives all its faults, at their places in the source. `localpath` files are not looked at.
 */
export function parseSpec(text: string, options: SpecOptions): SpecResult {
  const result = locateSpec(text, options)
  return result.kind === 'valid'
    ? { kind: 'valid', spec: result.spec, warnings: result.warnings }
    : { kind: 'invalid', diagnostics: result.diagnostics }
}

export type LocatedResult =
  | { readonly kind: 'valid'; readonly spec: WorkflowSpec; readonly warnings: readonly Diagnostic[]; readonly places: SpecPlaces }
  /** `triggers`: its `on` where that can be read, since values that a person gives may be all that it lacks. */
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[]; readonly triggers?: Triggers }

/** As `parseSpec`, and says where tasks, resources and `localpath` stand. */
export function locateSpec(text: string, options: SpecOptions): LocatedResult {
  const source = sourceOf(text)
  const reporter = createReporter(options.file, source)
  const read = isSmallEnough(source, reporter) ? readSpec(source, options, reporter) : undefined
  const diagnostics = reporter.diagnostics()
  if (read === undefined || reporter.hasErrors()) return { kind: 'invalid', diagnostics, ...present({ triggers: triggersOf(source) }) }
  return { kind: 'valid', spec: read.spec, warnings: diagnostics, places: placesOf(source, read.workflow, read.checkout) }
}

/** Undefined where there is no `on`, or one with faults. */
function triggersOf(source: string): Triggers | undefined {
  const reporter = createReporter('', source)
  const { on } = Buffer.byteLength(source) > maximumSpecBytes ? {} : readSections(source, reporter)
  const ofSection = createReporter('', source)
  const triggers = readGitSection(on, triggersShape, ofSection)
  return ofSection.hasErrors() ? undefined : triggers
}

/**
 * Where a spec names files, as far as an invalid one can be read, so that what is wrong with them is found with its other faults. Never throws.
 */
export function locateLocalpaths(text: string, options: SpecOptions): SpecPlaces['localpaths'] {
  const source = sourceOf(text)
  const reporter = createReporter(options.file, source)
  const document = isSmallEnough(source, reporter) ? loadDocument(readSections(source, reporter), options, reporter) : undefined
  const workflow = document && readWorkflow(document, options.file, reporter)
  return workflow === undefined ? [] : placesOf(source, workflow, undefined).localpaths
}

export type RenderResult =
  /** `document` is the rendered section as loaded, `{ workflow: … }`; mappings are `Map`s, floats `{ float }`. */
  | { readonly kind: 'rendered'; readonly text: string; readonly document: TemplateValue; readonly warnings: readonly Diagnostic[] }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }

/** Renders the `workflow` section and loads it as YAML, without the rules of the schema. Never throws. */
export function renderSpec(text: string, options: SpecOptions): RenderResult {
  const source = sourceOf(text)
  const reporter = createReporter(options.file, source)
  const sections = isSmallEnough(source, reporter) ? readSections(source, reporter) : {}
  const rendered = loadDocument(sections, options, reporter)
  const diagnostics = reporter.diagnostics()
  if (rendered === undefined || reporter.hasErrors()) return { kind: 'invalid', diagnostics }
  return { kind: 'rendered', text: rendered.text, document: toTemplateValue(rendered.node), warnings: diagnostics }
}

function isSmallEnough(source: string, reporter: Reporter): boolean {
  const bytes = source.length > maximumSpecBytes ? source.length : Buffer.byteLength(source)
  if (bytes <= maximumSpecBytes) return true
  const message = `Expected a file of at most ${maximumSpecBytes} bytes, but it has at least ${bytes}. Move data out of it, for example into files named by "localpath".`
  reporter.error('limit/file-size', { start: 0, end: 0 }, message)
  return false
}

type ReadSpec = { readonly spec: WorkflowSpec; readonly workflow: ReadWorkflow; readonly checkout: ReadCheckout | undefined }

function readSpec(source: string, options: SpecOptions, reporter: Reporter): ReadSpec | undefined {
  const sections = readSections(source, reporter)
  const git = readGitSections(sections, reporter)
  const document = loadDocument(sections, options, reporter)
  if (document === undefined) return undefined
  const workflow = readWorkflow(document, options.file, reporter)
  // What the tasks have to do with each other is known only when all of them are.
  if (workflow === undefined || document.refused.length > 0) return undefined
  const groups = resolveGroups(workflow, reporter)
  reportUnresolvedTokens(workflow, source, reporter)
  const benchmarks = resolveBenchmarks(
    git.benchmarks,
    { groups, checkout: git.checkout, triggers: git.triggers, ...linesOf(source, workflow) },
    reporter,
  )
  const spec = {
    name: workflow.name,
    labels: workflow.labels,
    groups,
    resources: toObject(workflow.resources),
    timeout: workflow.timeout,
    ...present({ triggers: git.triggers, concurrency: git.concurrency, checkout: git.checkout?.checkout }),
    benchmarks,
    document: toDocument(document.node),
  }
  return { spec, workflow, checkout: git.checkout }
}

function readGitSections(sections: Sections, reporter: Reporter) {
  return {
    triggers: readGitSection(sections.on, triggersShape, reporter),
    concurrency: readGitSection(sections.concurrency, concurrencyShape, reporter),
    checkout: readGitSection<ReadCheckout | undefined>(sections.checkout, checkoutShape, reporter),
    benchmarks: readGitSection(sections.benchmarks, benchmarksShape, reporter) ?? [],
  }
}

function readWorkflow(document: RenderedDocument, file: string, reporter: Reporter): ReadWorkflow | undefined {
  if (document.workflow === undefined) return undefined
  return workflowShape.read(document.workflow, {
    path: 'workflow',
    reporter: withoutRefused(reporter, document.refused),
    specFile: file,
    patterns: createPatternShelf(),
  })
}

function linesOf(source: string, workflow: ReadWorkflow) {
  const lines = createLineIndex(source)
  const lineOf = (offset: number) => lines.position(offset).line
  const tasks = new Map<string, ReadTask>(readTasks(workflow).map((task) => [task.name.value, task]))
  return { lineOf, lineOfTask: (task: string) => lineOf(tasks.get(task)?.name.range.start ?? 0) }
}
