import type { Origin, Tier } from '../../spec/types.ts'
import type { AttemptReference, Instant, PodName } from '../../workflow/names.ts'
import type { Exit } from '../../workflow/state.ts'

/** Where pods run. Repeating a call is harmless: a pod that exists, or is gone already, is success. */
export interface Backend {
  readonly name: string
  /** Total CPUs it offers at once; more are clamped, and that is said in the log of the attempt. */
  readonly capacity: { readonly cpu: number }
  /** In words for the check: runtime and whether `image` is honoured. */
  readonly description: string
  /** `refused` is final (the order itself is wrong); anything thrown is retried. */
  create(
    order: PodOrder,
    signal: AbortSignal,
  ): Promise<{ readonly kind: 'created' } | { readonly kind: 'refused'; readonly message: string }>
  /** SIGTERM, grace, SIGKILL. A pod that was never created can never be created afterwards. Returns once the request is safe, not once the pod is gone. */
  delete(pod: PodName, graceSeconds: number, signal: AbortSignal): Promise<void>
  /** Everything this installation has there, as seen now. */
  list(signal: AbortSignal): Promise<readonly Sighting[]>
  /** Calls back soon after changes; losing a call is allowed, `list` is the truth. Stops with the signal. */
  watch(onSightings: (sightings: readonly Sighting[]) => Promise<void>, signal: AbortSignal): Promise<void>
  /** Forgets finished pods whose results and logs are safe. */
  forget(pods: readonly PodName[], signal: AbortSignal): Promise<void>
}

export type Sighting = {
  readonly pod: PodName
  readonly reference: AttemptReference
  readonly phase:
    | { readonly kind: 'created' | 'initializing' }
    | { readonly kind: 'running'; readonly startedAt: Instant }
    | { readonly kind: 'exited'; readonly startedAt: Instant | undefined; readonly exitedAt: Instant; readonly exit: Exit }
    /** It had begun and its supervisor is gone without an exit record. */
    | { readonly kind: 'lost'; readonly seenAt: Instant; readonly message: string }
}

/** All that a pod needs to know. Plain JSON: a local supervisor reads it from its directory. Tokens are not resolved yet. */
export type PodOrder = {
  readonly pod: PodName
  readonly reference: AttemptReference
  readonly displayId: string
  readonly origin: Origin
  readonly tier: Tier
  readonly platform: string
  readonly image: string
  readonly command: readonly string[]
  /** The spec's, with ours (`GITHUB_SHA`, `OSMO_WORKFLOW_ID` …) already on top. `OSMO_ARM` and `OSMO_SEED` are set per run. */
  readonly environment: Readonly<Record<string, string>>
  /** Head's, and base's where `localpath` files differ per arm. Contents are base64; put in after the only template pass. */
  readonly files: readonly OrderedFile[]
  /** What fills `/osmo/data/input/<i>`: names for `{{input:NAME}}`, and whether the arm `base` has content of its own. */
  readonly inputs: readonly {
    readonly index: number
    readonly task: string | undefined
    readonly regex: string | undefined
    readonly stored: 'stored' | 'none'
  }[]
  readonly checkout: 'none' | 'tree'
  readonly runs: OrderedRuns
  readonly limits: {
    readonly cpu: number
    readonly memoryBytes: number | undefined
    readonly processes: number
    readonly outputBytes: number
  }
  readonly deadlines: {
    readonly startSeconds: number
    readonly execSeconds: number
    readonly perRunSeconds: number
    readonly uploadSeconds: number
    readonly graceSeconds: number
  }
  readonly group: { readonly name: string; readonly members: readonly string[]; readonly barrier: boolean }
  /** Values for `{{workflow_id}}` and `{{host:…}}`; `{{output}}` and `{{input:…}}` are the backend's. */
  readonly tokens: { readonly workflowId: string; readonly hosts: Readonly<Record<string, string>> }
  /** Reaches `osmo-ctrl` only, never the command's environment or files. */
  readonly token: string
}
export type OrderedFile = { readonly path: string; readonly head: string; readonly base: string | undefined }
export type OrderedRuns =
  | { readonly kind: 'once'; readonly seed: number }
  | {
      readonly kind: 'arms'
      /** In order, warm-ups first. Seeds are equal for both arms of a pair. */
      readonly order: readonly {
        readonly arm: 'base' | 'head'
        readonly pair: number
        readonly purpose: 'warmup' | 'measure'
        readonly seed: number
      }[]
      /** Base's own command and files, tried once when the base arm fails under head's. */
      readonly baseFallback:
        | {
            readonly command: readonly string[]
            readonly environment: Readonly<Record<string, string>>
            readonly files: readonly OrderedFile[]
          }
        | undefined
    }
