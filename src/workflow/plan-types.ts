import type { Compare, DispatchValue, FileSpec, InputSpec, MetricPolicy, OutputSpec, Tier } from '../spec/types.ts'
import type { WorkflowId } from './names.ts'
import type { Provenance, TaskPolicy } from './state.ts'

/** What planning decided for one spec at one commit. Frozen: a running workflow never reads the spec or the configuration again. */
export type WorkflowPlan = {
  readonly spec: string
  /** `.osmo/nav-eval.yaml`. */
  readonly path: string
  /** `workflow.name` of the document. */
  readonly name: string
  readonly provenance: Provenance
  /** One workflow per (repository, spec, head sha, ref with its base branch, run attempt): a delivery heard twice makes it once. */
  readonly runKey: string
  /** 1 + reruns before it. */
  readonly runAttempt: number
  readonly rerunOf: WorkflowId | undefined
  readonly dispatch: Dispatch
  /** `special`: the values that a person gave make it another run than a change would have started. */
  readonly values: 'usual' | 'special'
  readonly requestedBy: string
  /** SHA-256 over the rendered document, the pool and the files it names. */
  readonly digest: string
  readonly pool: string
  readonly concurrency: {
    readonly key: string
    readonly limit: number | undefined
    /** Whose running workflows of the group a newer one ends: those of its own ref, or all. */
    readonly cancelInProgress: 'never' | 'own-ref' | 'any-ref'
  }
  readonly groups: readonly PlannedGroup[]
  readonly benchmarks: readonly PlannedBenchmark[]
  /** Said first in the report: what of a gated task differs from base's spec, warnings, notes. */
  readonly notices: readonly string[]
  /** The check is required by the base branch's settings or rules. */
  readonly required: boolean
}

/** What a person gave with `/osmo run`; reruns keep it, so that they run the same. */
export type Dispatch = {
  /** Empty for pushes and pull requests; a comment's id for a dispatch, which always makes its own run. */
  readonly nonce: string
  readonly values: Readonly<Record<string, DispatchValue>>
}

export type PlannedGroup = {
  readonly name: string
  readonly upstream: readonly string[]
  readonly downstream: readonly string[]
  readonly ignoreNonleadStatus: boolean
  readonly barrier: boolean
  /** `awaited`: it compares with a base arm, whose sources and inputs must be settled before it starts. */
  readonly baseInputs: 'not-needed' | 'awaited'
  readonly tasks: readonly PlannedTask[]
}

export type PlannedTask = {
  readonly name: string
  readonly lead: boolean
  readonly policy: TaskPolicy
  readonly template: TaskTemplate
  /** `rerun failed`: this task's outputs are those of a finished task of the old workflow, and it does not run again. */
  readonly reuse: { readonly workflow: WorkflowId; readonly attempt: number } | undefined
}

/** Everything a pod is made from, tokens (`{{output}}`, `{{input:0}}`) still in place: what they become is the backend's to say. */
export type TaskTemplate = {
  readonly image: string
  /** `command` and `args` of the spec, joined. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly files: readonly FileSpec[]
  readonly inputs: readonly InputSpec[]
  readonly outputs: readonly OutputSpec[]
  readonly backend: string
  readonly platform: string
  readonly tier: Tier
  readonly exclusive: boolean
  readonly cpu: number
  readonly memoryBytes: number | undefined
  readonly checkout:
    | 'none'
    | { readonly paths: readonly string[] | undefined; readonly history: number; readonly submodules: boolean; readonly lfs: boolean }
  readonly compare: Compare | undefined
  /** Of one run; the policy's `execTimeoutSeconds` covers all runs of the attempt. */
  readonly runTimeoutSeconds: number
  /** Base's own rendering of this task: run when the base arm fails under head's, and shown when they differ. */
  readonly baseTemplate: BaseTemplate | undefined
}
export type BaseTemplate = Pick<TaskTemplate, 'image' | 'command' | 'environment' | 'files'>

export type PlannedBenchmark = {
  readonly name: string
  readonly task: string
  readonly path: string
  readonly format: string | undefined
  readonly metrics: Readonly<Record<string, MetricPolicy>>
  /** What base's spec asks of this task, nothing where base has no such task or entry; undefined where the spec judges itself. */
  readonly askedByBase: Readonly<Record<string, MetricPolicy>> | undefined
  readonly compare: Compare | undefined
  readonly line: number
}
