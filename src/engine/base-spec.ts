import { readDispatch } from '../spec/dispatch.ts'
import type { LocatedResult } from '../spec/parse-spec.ts'
import type { DispatchValue, RepositoryConfig, WorkflowSpec } from '../spec/types.ts'
import { firstRun, valueText } from '../workflow/plan.ts'
import type { Provenance } from '../workflow/state.ts'
import { upstreamOnly } from '../workflow/upstream.ts'
import type { RepositoryReference } from './ports.ts'
import { readTree, type TreeDeps } from './spec-tree.ts'

export type Values = Readonly<Record<string, DispatchValue>>
export type BaseSpec =
  | { readonly kind: 'unusable'; readonly why: string }
  | {
      readonly kind: 'read'
      readonly path: string
      readonly spec: WorkflowSpec
      readonly settings: RepositoryConfig
      /** Of those that were given what base declares; none where these tasks run with them as they run without. */
      readonly values: Values
    }
export type BaseSpecRequest = {
  readonly repository: RepositoryReference
  readonly provenance: Omit<Provenance, 'tier'>
  readonly name: string
  /** Whose outputs are wanted. */
  readonly tasks: readonly string[]
  readonly given: Values
}

/** Base's own spec at the commit of `provenance`, with these values, limited to what makes the outputs of some tasks. */
export async function readBaseSpec(request: BaseSpecRequest, deps: TreeDeps, signal: AbortSignal): Promise<BaseSpec> {
  const usual = await readWith({}, request, deps, signal)
  if (usual.kind === 'unusable') return usual
  const checked = declared(usual.spec, request.given)
  if (checked.kind === 'refused') return unusable(checked.reasons.join(' ').replace(/\.$/, ''))
  const own = await readWith(checked.values, request, deps, signal)
  return own.kind === 'read' && whatRuns(own.spec) === whatRuns(usual.spec) ? usual : own
}

async function readWith(values: Values, request: BaseSpecRequest, deps: TreeDeps, signal: AbortSignal): Promise<BaseSpec> {
  const { repository, provenance, name, tasks } = request
  const runOf = () => ({ ...firstRun, dispatch: { nonce: '', values } })
  const tree = await readTree({ repository, provenance, sha: provenance.sha, judge: undefined, runOf, specs: { only: name } }, deps, signal)
  const found = tree.specs[0]
  if (tree.settingsFaults.length > 0) return unusable('its `.osmo/config.yaml` has errors')
  if (!found) return unusable('there is no such spec')
  const upstream = upstreamOf(found.result, tasks)
  return upstream.kind === 'unusable'
    ? upstream
    : { kind: 'read', path: found.file.path, spec: upstream.spec, settings: tree.settings, values }
}

function upstreamOf(result: LocatedResult, tasks: readonly string[]) {
  if (result.kind === 'invalid') return unusable('the file has errors')
  const upstream = upstreamOnly(result.spec, tasks)
  return upstream.kind === 'unknown-task' ? unusable(`it has no task \`${upstream.task}\``) : upstream
}

/** Head's inputs may take what base's do not, and values end up in base's templates. What base does not know cannot reach it. */
function declared({ triggers }: WorkflowSpec, given: Values) {
  const known = Object.entries(given).filter(([name]) => Object.hasOwn(triggers?.workflowDispatch?.inputs ?? {}, name))
  const checked = readDispatch(triggers, Object.fromEntries(known.map(([name, value]) => [name, valueText(value)])))
  return checked.kind === 'refused' ? checked : { kind: 'accepted' as const, values: Object.fromEntries(known) }
}

const whatRuns = ({ groups, resources, timeout }: WorkflowSpec) => JSON.stringify([groups, resources, timeout])

const unusable = (why: string) => ({ kind: 'unusable', why }) as const
