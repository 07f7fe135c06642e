/** Numbers that a task produced, what was asked of them, and what may be concluded. The words are those of the glossary in the README. */

export type Arm = 'base' | 'head'
export type Direction = 'lower' | 'higher' | 'none' | 'unknown'

/** One metric as one file of one run gave it. */
export type Measurement = {
  readonly metric: string
  /** Empty when the format does not say. */
  readonly unit: string
  /** What the format says or implies; a spec's `direction` wins. */
  readonly direction: Direction
  readonly value: MeasuredValue
}

export type MeasuredValue =
  | { readonly kind: 'samples'; readonly samples: readonly number[] }
  /** Outcomes that can be paired between arms: one key names the same seed, task and index in both. */
  | { readonly kind: 'episodes'; readonly episodes: readonly { readonly key: string; readonly success: boolean }[] }
  | { readonly kind: 'rate'; readonly successes: number; readonly trials: number }
  | { readonly kind: 'summary'; readonly mean: number; readonly standardDeviation: number; readonly count: number }
  /** There is a name but no number: NaN, an error row, zero trials. Never the same as 0. */
  | { readonly kind: 'unmeasured'; readonly reason: string }

export type ParsedFile =
  | {
      readonly kind: 'measured'
      readonly format: string
      readonly measurements: readonly Measurement[]
      readonly warnings: readonly string[]
    }
  | { readonly kind: 'unmeasured'; readonly reason: string }

/** One run of one arm. A push has only head runs; a task without `compare` has one head run, pair 0. */
export type BenchmarkRun = {
  readonly arm: Arm
  readonly pair: number
  readonly files: readonly { readonly path: string; readonly parsed: ParsedFile }[]
}

/** As the spec declares it. Structurally the spec's own types, which this folder may not import. */
export type MetricPolicy = {
  readonly gate: boolean
  readonly maxRegression?:
    | { readonly kind: 'relative'; readonly fraction: number }
    /** As a share of 1: `5pt` is 0.05. */
    | { readonly kind: 'points'; readonly points: number }
    | { readonly kind: 'absolute'; readonly amount: number; readonly unit: string }
  readonly direction?: 'lower' | 'higher'
  readonly unit?: string
  readonly min?: number
  readonly max?: number
  readonly required: boolean
}

/** Everything known about one declared benchmark of one task when it is judged. */
export type BenchmarkInput = {
  readonly name: string
  readonly task: string
  /** The platform and testbed in words, such as `bench (AMD EPYC, 2 cores)`. */
  readonly testbed: string
  readonly metrics: Readonly<Record<string, MetricPolicy>>
  /** What base's spec asks of this task; undefined where the spec has no judge but itself. What only head asks is a family of its own. */
  readonly askedByBase: BenchmarkInput['metrics'] | undefined
  readonly comparison:
    | { readonly kind: 'none' }
    /** Whose task the base arm ran: `of-base` where image, command, environment and files of both specs are the same. */
    | { readonly kind: 'interleaved'; readonly base: 'measured'; readonly task: 'of-base' | 'of-head' }
    /** Why there is no base arm, in words a person can act on. */
    | { readonly kind: 'interleaved'; readonly base: 'missing'; readonly reason: string; readonly remedy: string }
  readonly runs: readonly BenchmarkRun[]
  /** Newest last, medians of the default branch's runs; for the trend line. */
  readonly history: Readonly<Record<string, readonly number[]>>
  /** The check is required by base's settings or by the branch's rules. */
  readonly requiredCheck: boolean
  readonly onDefaultBranch: boolean
}

export type Outcome = 'regressed' | 'improved' | 'fine' | 'inconclusive' | 'unmeasured'
