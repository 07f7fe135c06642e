import { runOrder } from '../benchmark/compare.ts'
import { localpathLimits } from '../spec/localpaths.ts'
import { joinPath } from '../spec/paths.ts'
import type { FileSpec } from '../spec/types.ts'
import type { AttemptReference, CommitSha } from '../workflow/names.ts'
import { podName } from '../workflow/names.ts'
import type { TaskTemplate } from '../workflow/plan-types.ts'
import { eventName, type Provenance } from '../workflow/state.ts'
import { attemptToken } from './attempt-token.ts'
import {
  type DispatchOrder,
  ForgeError,
  type OrderedFile,
  type OrderedRuns,
  type PodOrder,
  type RepositoryReference,
  type SourceMirror,
} from './ports.ts'

export type OrderDeps = {
  readonly mirror: SourceMirror
  readonly serverKey: string
  readonly hosts: (workflow: string, members: readonly string[]) => Readonly<Record<string, string>>
}

/** What a command of an untrusted origin may do at most, whatever it asks for; a backend may hold less. */
const processLimit = 4096
const outputBytesLimit = 20 * 1024 ** 3
/** Of all `localpath` of a task, for each arm (extensions.md §3). A task of base's own, for a fallback, has as much again. */
const { taskBytes: taskFileBytes, taskFiles } = localpathLimits

/**
 * Everything a pod needs to know, files of `localpath` included. Throws {@link WrongOrder} when the commit lacks one, {@link MissingInput} when
 * there is nothing to put into a declared input, {@link FilesNotThere} when the repository could not be read yet.
 */
export async function buildOrder(
  order: DispatchOrder,
  reference: AttemptReference,
  deps: OrderDeps,
  signal: AbortSignal,
): Promise<PodOrder> {
  const { workflow, template, policy, group, taskId, taskName } = order
  const { provenance } = workflow
  checkInputs(order)
  return {
    pod: podName(workflow.id, taskId, reference.attempt),
    reference,
    displayId: workflow.displayId,
    origin: provenance.origin,
    tier: template.tier,
    platform: template.platform,
    image: template.image,
    command: template.command,
    environment: { ...template.environment, ...gitEnvironment(order, reference.attempt) },
    files: await orderedFiles(template.files, order, deps.mirror, signal),
    inputs: template.inputs.map((input, index) => ({
      index,
      task: input.kind === 'task' ? input.task : undefined,
      regex: input.regex,
      stored: order.inputs[index] ? 'stored' : 'none',
    })),
    checkout: template.checkout === 'none' ? 'none' : 'tree',
    runs: await orderedRuns(order, deps.mirror, signal),
    limits: { cpu: template.cpu, memoryBytes: template.memoryBytes, processes: processLimit, outputBytes: outputBytesLimit },
    deadlines: {
      startSeconds: policy.startTimeoutSeconds,
      execSeconds: policy.execTimeoutSeconds,
      perRunSeconds: template.runTimeoutSeconds,
      uploadSeconds: policy.uploadTimeoutSeconds,
      graceSeconds: policy.terminationGraceSeconds,
    },
    group: { name: group.name, members: group.members, barrier: group.barrier },
    tokens: { workflowId: workflow.displayId, hosts: group.members.length > 1 ? deps.hosts(workflow.id, group.members) : {} },
    token: attemptToken(deps.serverKey, { ...reference, task: taskName }),
  }
}

/** Looks whether the order could be built, and its code checked out, at this moment; what is missing is on its way afterwards. Throws as `buildOrder`. */
export async function prepareOrder(order: DispatchOrder, reference: AttemptReference, deps: OrderDeps, signal: AbortSignal): Promise<void> {
  await buildOrder(order, reference, deps, signal)
  if (order.template.checkout === 'none') return
  const { sha, baseSha } = order.workflow.provenance
  const spec = `.osmo/${order.workflow.spec}.yaml`
  const shas = hasBase(order) && baseSha ? [sha, baseSha] : [sha]
  for (const one of shas) await localFiles({ from: spec, to: spec }, repositoryOf(order), one, deps.mirror, signal)
}

/** The commit does not hold what the spec names; trying again cannot help. */
export class WrongOrder extends Error {
  override readonly name = 'WrongOrder'
}

/** An input that the spec declares and nobody has; an empty directory in its place would be taken for the data (architecture.md §3, law 7). */
export class MissingInput extends Error {
  override readonly name = 'MissingInput'
}

/** The repository is still on its way, or cannot be reached now: ask again. */
export class FilesNotThere extends Error {
  override readonly name = 'FilesNotThere'
}

/** A task of this very workflow may have stored nothing on purpose; it has completed, or this one would not start. */
function checkInputs({ template, inputs }: DispatchOrder): void {
  for (const [index, input] of template.inputs.entries()) {
    if (input.kind === 'url') throw new MissingInput(`Input ${index}: this version cannot fetch ${input.url}`)
    if (input.kind === 'other-workflow' && !inputs[index])
      throw new MissingInput(
        `Input ${index}: expected the stored output of task ${input.task} of workflow ${input.workflow}, and there is none. There is no such workflow or task in this repository, or it has not completed, or it left no files`,
      )
  }
}

/** What a stranger can name reaches a task only as environment, never as template text (extensions.md §3). */
function gitEnvironment({ workflow, taskName }: DispatchOrder, attempt: number): Record<string, string> {
  const { provenance } = workflow
  return {
    CI: 'true',
    GITHUB_ACTOR: provenance.actor,
    GITHUB_BASE_REF: provenance.pullRequest === undefined ? '' : provenance.baseRef,
    GITHUB_EVENT_NAME: eventName(provenance),
    GITHUB_HEAD_REF: provenance.pullRequest === undefined ? '' : provenance.headRef,
    GITHUB_REF: provenance.ref,
    GITHUB_REF_NAME: refName(provenance),
    GITHUB_REPOSITORY: provenance.repository,
    GITHUB_SHA: provenance.sha,
    OSMO_ATTEMPT: String(attempt),
    OSMO_TASK: taskName,
    OSMO_WORKFLOW_ID: workflow.displayId,
  }
}

const refName = ({ ref, pullRequest }: Provenance) =>
  pullRequest === undefined ? ref.replace(/^refs\/(heads|tags)\//, '') : `${pullRequest}/head`

async function orderedRuns(order: DispatchOrder, mirror: SourceMirror, signal: AbortSignal): Promise<OrderedRuns> {
  const { compare, baseTemplate } = order.template
  if (!compare) return { kind: 'once', seed: 0 }
  const withBase = hasBase(order)
  const planned = runOrder(compare.pairs, compare.warmup, compare.seed).filter(({ arm }) => withBase || arm === 'head')
  const fallback = withBase ? baseTemplate : undefined
  return {
    kind: 'arms',
    order: planned.map(({ arm, pair, phase }) => ({
      arm,
      pair,
      purpose: phase === 'warmup' ? 'warmup' : 'measure',
      seed: compare.seed + pair,
    })),
    baseFallback: fallback && {
      command: fallback.command,
      environment: { ...fallback.environment, ...gitEnvironment(order, 0) },
      files: await orderedFiles(fallback.files, order, mirror, signal),
    },
  }
}

const hasBase = ({ baseInputs, workflow }: DispatchOrder) => baseInputs?.kind === 'found' && workflow.provenance.baseSha !== ''

async function orderedFiles(
  files: readonly FileSpec[],
  order: DispatchOrder,
  mirror: SourceMirror,
  signal: AbortSignal,
): Promise<readonly OrderedFile[]> {
  const ordered: OrderedFile[] = []
  const sizes = { head: 0, base: 0, files: 0 }
  // One after the other, so that never more is read than one of them above the bound.
  for (const file of files) {
    const own = await orderedFile(file, order, mirror, signal)
    if (file.kind === 'local') checkRoom(add(sizes, own), file.localpath)
    ordered.push(...own)
  }
  return ordered
}

type Sizes = { head: number; base: number; files: number }

function add(sizes: Sizes, own: readonly OrderedFile[]): Sizes {
  for (const { head, base } of own) {
    sizes.head += Buffer.byteLength(head, 'base64')
    sizes.base += Buffer.byteLength(base ?? '', 'base64')
  }
  sizes.files += own.length
  return sizes
}

function checkRoom({ head, base, files }: Sizes, localpath: string): void {
  if (Math.max(head, base) > taskFileBytes)
    throw new WrongOrder(
      `Expected at most ${taskFileBytes} bytes of localpath files in one task, and with ${localpath} there are ${Math.max(head, base)}. Use \`checkout\`, or name fewer files`,
    )
  if (files > taskFiles)
    throw new WrongOrder(
      `Expected at most ${taskFiles} localpath files in one task, and with ${localpath} there are ${files}. Use \`checkout\` instead`,
    )
}

async function orderedFile(
  file: FileSpec,
  order: DispatchOrder,
  mirror: SourceMirror,
  signal: AbortSignal,
): Promise<readonly OrderedFile[]> {
  if (file.kind === 'inline') return [{ path: file.path, head: encoded(file), base: undefined }]
  const { provenance } = order.workflow
  const repository = repositoryOf(order)
  const path = joinPath(`.osmo/${order.workflow.spec}.yaml`, file.localpath)
  if (path === undefined) throw new WrongOrder(`Expected localpath ${file.localpath} to stay inside the repository`)
  const head = await localFiles({ from: path, to: file.path }, repository, provenance.sha, mirror, signal)
  if (!head)
    throw new WrongOrder(
      `Expected the file ${file.localpath} (localpath of ${file.path}) at commit ${provenance.sha.slice(0, 7)}, and there is none. Add it, or mend the path: it is relative to the spec file`,
    )
  const base =
    hasBase(order) && provenance.baseSha
      ? await localFiles({ from: path, to: file.path }, repository, provenance.baseSha, mirror, signal)
      : undefined
  return [...head].map(([path, contents]) => ({ path, head: contents, base: base?.get(path) }))
}

const repositoryOf = ({ workflow: { provenance } }: DispatchOrder): RepositoryReference => ({
  id: provenance.repositoryId,
  installationId: provenance.installationId,
  fullName: provenance.repository,
})

const encoded = (file: Extract<FileSpec, { kind: 'inline' }>) =>
  file.encoding === 'base64' ? file.contents : Buffer.from(file.contents, 'utf8').toString('base64')

/** A directory becomes its files below the given path. */
async function localFiles(
  { from, to }: { readonly from: string; readonly to: string },
  repository: RepositoryReference,
  sha: CommitSha,
  mirror: SourceMirror,
  signal: AbortSignal,
) {
  const found = await mirror.files(repository, sha, from, signal).catch((error: unknown) => {
    throw filesFault(error, signal)
  })
  return found && new Map(found.map(({ path, contents }) => [`${to}${path.slice(from.length)}`, Buffer.from(contents).toString('base64')]))
}

function filesFault(error: unknown, signal: AbortSignal): unknown {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof RangeError || (error instanceof ForgeError && error.reaction === 'give-up')) return new WrongOrder(message)
  if (signal.aborted) return new FilesNotThere('The repository is still being fetched', { cause: error })
  return error instanceof ForgeError ? new FilesNotThere(message, { cause: error }) : error
}

/** Which of a task's inputs are stored outputs, aligned with the template's `inputs`. */
export const taskInputs = (template: TaskTemplate) =>
  template.inputs.flatMap((input, index) => (input.kind === 'task' ? [{ index, task: input.task }] : []))
