/**
 * What a spec file becomes once it has been cut, rendered, loaded and checked: plain data with every default filled in.
 * OSMO's own part follows the upstream models; `triggers`, `concurrency`, `checkout` and `benchmarks` are what git adds.
 */

export type Severity = 'error' | 'warning'

/** One fault, at the place where it is in the **source** file. Lines and columns count from 1; the end is exclusive. */
export type Diagnostic = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
  readonly severity: Severity
  /** `kind/what`, with kind one of syntax, template, schema, semantic, limit. */
  readonly code: string
  /** What was expected, what came, what to do. */
  readonly message: string
}

/**
 * Values as templates see them: what YAML can say. `{ float }` keeps Python's difference between `1` and `1.0`.
 * A mapping read from YAML is a `Map`: it keeps keys that are not strings and their order, and cannot be mistaken for `{ float }`.
 */
export type TemplateValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | { readonly float: number }
  /** `YYYY-MM-DD`, Python's `datetime.date`. */
  | { readonly date: string }
  /** ISO 8601 with `T`, up to microseconds, with or without an offset (`Z`, `+02:00`): Python's `datetime.datetime`. */
  | { readonly datetime: string }
  | readonly TemplateValue[]
  | ReadonlyMap<TemplateValue, TemplateValue>
  | { readonly [key: string]: TemplateValue }

export type SpecOptions = {
  /** Path shown in diagnostics, such as `.osmo/nav-eval.yaml`. */
  readonly file: string
  /** The repository's `values`: over `default-values`, under the defaults of `workflow_dispatch`. */
  readonly values?: Readonly<Record<string, TemplateValue>>
  /** Over all others: what a person gave, inputs of a dispatch or `--set`. */
  readonly given?: Readonly<Record<string, TemplateValue>>
  /** `github.*` as extensions.md §3 lists it; zeros when offline. */
  readonly github?: Readonly<Record<string, string>>
  /** `latest['SPEC']`: the id of that spec's newest successful trusted workflow. */
  readonly latest?: Readonly<Record<string, string>>
}

export type SpecResult =
  | { readonly kind: 'valid'; readonly spec: WorkflowSpec; readonly warnings: readonly Diagnostic[] }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }

export type WorkflowSpec = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** In dependency order, as the file lists them. A plain task is a group of one, called `<task>-group`. */
  readonly groups: readonly GroupSpec[]
  readonly resources: Readonly<Record<string, ResourceSpec>>
  readonly timeout: TimeoutSpec
  /** Absent: the file has no `on`, so the repository's or the default rule applies. */
  readonly triggers?: Triggers
  readonly concurrency?: Concurrency
  readonly checkout?: Checkout
  readonly benchmarks: readonly Benchmark[]
  /** The rendered `workflow` section as loaded, before defaults and coercions; what `osmo render` prints and the digest covers. */
  readonly document: unknown
}

export type GroupSpec = {
  readonly name: string
  /** `tasks:` at the top level makes groups that nobody named. */
  readonly declared: 'group' | 'task'
  readonly barrier: boolean
  readonly ignoreNonleadStatus: boolean
  readonly tasks: readonly TaskSpec[]
  /** Names of groups whose tasks this one reads, each listed earlier. */
  readonly upstream: readonly string[]
}

export type TaskSpec = {
  readonly name: string
  readonly lead: boolean
  readonly image: string
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly files: readonly FileSpec[]
  readonly inputs: readonly InputSpec[]
  readonly outputs: readonly OutputSpec[]
  readonly kpis: readonly { readonly index: string; readonly path: string }[]
  readonly credentials: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly resource: string
  readonly privileged: boolean
  readonly hostNetwork: boolean
  readonly volumeMounts: readonly string[]
  readonly cacheSize?: string
  readonly exitActions: ExitActions
  readonly checkpoint: readonly CheckpointSpec[]
}

export type FileSpec =
  | { readonly kind: 'inline'; readonly path: string; readonly contents: string; readonly encoding: 'text' | 'base64' }
  /** Read from the repository at the commit and put in after the only template pass. `localpath` is relative to the spec file. */
  | { readonly kind: 'local'; readonly path: string; readonly localpath: string }

export type InputSpec =
  | { readonly kind: 'task'; readonly task: string; readonly regex?: string }
  /** A finished task of an earlier workflow: `WORKFLOW_ID:TASK`. */
  | { readonly kind: 'other-workflow'; readonly workflow: string; readonly task: string; readonly regex?: string }
  | { readonly kind: 'url'; readonly url: string; readonly regex?: string }

export type OutputSpec = { readonly url: string; readonly regex?: string }

export type CheckpointSpec = { readonly path: string; readonly url: string; readonly frequencySeconds: number; readonly regex?: string }

/** Inclusive ranges of exit codes. */
export type ExitCodes = readonly { readonly from: number; readonly to: number }[]
export type ExitActions = { readonly complete: ExitCodes; readonly fail: ExitCodes; readonly reschedule: ExitCodes }

export type ResourceSpec = {
  readonly cpu?: number
  readonly gpu?: number
  /** Bytes. */
  readonly memoryBytes?: number
  readonly storageBytes?: number
  readonly platform?: string
  readonly nodesExcluded: readonly string[]
  readonly topology: readonly { readonly key: string; readonly group: string; readonly requirementType: 'required' | 'preferred' }[]
}

export type TimeoutSpec = { readonly execSeconds?: number; readonly queueSeconds?: number }

export type Triggers = {
  readonly push?: PushTrigger
  readonly pullRequest?: PullRequestTrigger
  readonly mergeGroup?: Record<string, never>
  readonly schedule?: readonly { readonly cron: string; readonly timezone: string }[]
  readonly workflowRun?: { readonly specs: readonly string[]; readonly branches?: Globs }
  readonly workflowDispatch?: { readonly inputs: Readonly<Record<string, DispatchInput>> }
}

/** Patterns in the order of the file; `ignore` is Actions' `…-ignore` form. */
export type Globs = { readonly mode: 'include' | 'ignore'; readonly patterns: readonly string[] }
export type PushTrigger = { readonly branches?: Globs; readonly tags?: Globs; readonly paths?: Globs }
export type PullRequestTrigger = {
  readonly types: readonly string[]
  readonly branches?: Globs
  readonly paths?: Globs
  readonly labels?: readonly string[]
  readonly draft: boolean
}
export type DispatchInput =
  | { readonly type: 'number'; readonly default?: number; readonly min?: number; readonly max?: number }
  | { readonly type: 'choice'; readonly default?: string; readonly options: readonly string[] }
  | { readonly type: 'boolean'; readonly default?: boolean }
  | { readonly type: 'string'; readonly default?: string; readonly pattern?: string }

/** What a person gave for an input; a fraction prints as Python's float. */
export type DispatchValue = string | number | boolean | { readonly float: number }

/** `cancelInProgress` and `limit` absent: extensions.md §2's defaults, which need the tier. */
export type Concurrency = { readonly group?: string; readonly cancelInProgress?: boolean; readonly limit?: number }

export type Checkout = {
  /** Absent: every task. */
  readonly tasks?: readonly string[]
  /** Absent: the whole tree. */
  readonly paths?: readonly string[]
  readonly lfs: boolean
  readonly submodules: boolean
  readonly history: number
}

export type Benchmark = {
  readonly name: string
  /** A task's name or a glob over them. */
  readonly task: string
  /** Below `{{output}}`; a glob may match several files. */
  readonly path: string
  readonly format?: string
  /** Keyed by a metric's name or a glob over names, in the order of the file. */
  readonly metrics: Readonly<Record<string, MetricPolicy>>
  readonly compare?: Compare
  /** Where it stands, so that a verdict can point at its line. */
  readonly line: number
}

export type MetricPolicy = {
  readonly gate: boolean
  readonly maxRegression?: Budget
  readonly direction?: 'lower' | 'higher'
  readonly unit?: string
  readonly min?: number
  readonly max?: number
  readonly required: boolean
}

/** `3%` of the base, `5pt` of a rate (0.05), or `2 ms` in the metric's own unit. */
export type Budget =
  | { readonly kind: 'relative'; readonly fraction: number }
  | { readonly kind: 'points'; readonly points: number }
  | { readonly kind: 'absolute'; readonly amount: number; readonly unit: string }

export type Compare = {
  readonly pairs: number
  /** Runs of each arm before the first pair, thrown away. */
  readonly warmup: number
  readonly seed: number
  /** `run`: the upstream tasks run at the merge base first. */
  readonly base: 'stored' | 'run'
}

/** `.osmo/config.yaml`, the repository's own settings (extensions.md §5). */
export type RepositoryConfig = {
  readonly values: Readonly<Record<string, TemplateValue>>
  readonly pool: readonly string[]
  readonly triggers?: Triggers
  readonly required: readonly string[]
  readonly notify: { readonly failureOnDefaultBranch?: 'issue' }
}

/** The administrator's file (extensions.md §7), as far as this service reads it. */
export type PlatformConfig = {
  readonly backends: Readonly<Record<string, BackendConfig>>
  readonly pools: Readonly<Record<string, PoolConfig>>
  readonly repositories: readonly RepositoryRule[]
  readonly trust: TrustConfig
  readonly workflow: WorkflowLimits
}
export type BackendConfig = {
  readonly kind: 'local' | 'kubernetes'
  readonly runtime?: 'bubblewrap' | 'process' | 'docker' | 'podman'
  /** Read-only mounts for tasks: the key is the path inside, below `/osmo`. */
  readonly toolchains: Readonly<Record<string, string>>
}
export type PoolConfig = {
  readonly backend: string
  readonly description: string
  readonly defaultPlatform?: string
  readonly platforms: Readonly<Record<string, PlatformSpec>>
  readonly defaultExecTimeoutSeconds?: number
  readonly maxExecTimeoutSeconds?: number
  readonly defaultQueueTimeoutSeconds?: number
  readonly maxQueueTimeoutSeconds?: number
  readonly defaultExitActions: ExitActions
  /** From coarse to fine. */
  readonly topologyKeys: readonly { readonly key: string; readonly label: string }[]
  readonly gpuQuota: GpuQuota
  readonly defaultVariables: PoolVariables
  readonly resourceValidations: readonly ResourceValidation[]
  /** Partial pods in the order in which they are merged, their names resolved. */
  readonly podTemplates: readonly JsonObject[]
  readonly groupTemplates: readonly JsonObject[]
}
/** GPUs of a pool: what HIGH and NORMAL may hold for sure, what LOW may borrow up to (-1: no bound), and the share of what is left. */
export type GpuQuota = { readonly guarantee: number; readonly maximum: number; readonly weight: number }
export type PoolVariables = Readonly<Record<string, string | number>>
export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export type JsonObject = { readonly [key: string]: Json }
/** One rule of osmo-spec.md §6.6: operands are literals or one token such as `{{USER_CPU}}` or `{{K8_CPU}}`. */
export type ResourceValidation = {
  readonly operator: 'LE' | 'LT' | 'GE' | 'GT' | 'EQ'
  readonly left: string
  readonly right: string
  readonly message: string
}
export type Tier = 'none' | 'sim' | 'gpu' | 'hardware'
export type Origin = 'trusted' | 'approved' | 'untrusted'
export type Permission = 'read' | 'triage' | 'write' | 'maintain' | 'admin'
export type PlatformSpec = {
  readonly description: string
  readonly tier: Tier
  /** While one attempt runs, no other attempt of any pool runs on that node. */
  readonly exclusive: boolean
  readonly terminationGraceSeconds: number
  readonly privilegedAllowed: boolean
  readonly hostNetworkAllowed: boolean
  readonly allowedMounts: readonly string[]
  readonly approval: 'never' | 'always'
  /** Over the pool's, in this order. */
  readonly defaultVariables: PoolVariables
  readonly resourceValidations: readonly ResourceValidation[]
  readonly podTemplates: readonly JsonObject[]
}
export type RepositoryRule = {
  readonly match: readonly string[]
  /** Pool to the origins that may use it, in order of preference. */
  readonly pools: Readonly<Record<string, readonly Origin[]>>
  readonly limits: { readonly workflows?: number; readonly gpus?: number }
  readonly credentials: readonly string[]
}
export type TrustConfig = {
  readonly trusted: Permission
  readonly approve: Readonly<Record<'sim' | 'gpu' | 'hardware', Permission>>
  readonly secondPersonForHardware: boolean
}
export type WorkflowLimits = {
  readonly maxTasks: number
  readonly maxRetryPerTask: number
  readonly defaultExecTimeoutSeconds: number
  readonly maxExecTimeoutSeconds: number
  readonly defaultQueueTimeoutSeconds: number
  readonly maxQueueTimeoutSeconds: number
}

export type ConfigResult<T> =
  | { readonly kind: 'valid'; readonly config: T; readonly warnings: readonly Diagnostic[] }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }
