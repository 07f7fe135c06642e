import { parseSpec } from '../../src/spec/parse-spec.ts'
import { parsePlatformConfig } from '../../src/spec/platform-config.ts'
import { place } from '../../src/spec/pool/placement.ts'
import type { PlatformConfig, WorkflowSpec } from '../../src/spec/types.ts'
import { firstRun, type PlanInput, plan } from '../../src/workflow/plan.ts'
import type { WorkflowPlan } from '../../src/workflow/plan-types.ts'
import { aProvenance } from './builders.ts'

export function specOf(text: string): WorkflowSpec {
  const parsed = parseSpec(text, { file: '.osmo/reach.yaml' })
  if (parsed.kind === 'invalid') throw new Error(parsed.diagnostics.map(({ line, message }) => `${line}: ${message}`).join('\n'))
  return parsed.spec
}

export function platformsOf(text: string): PlatformConfig {
  const parsed = parsePlatformConfig(text, 'platforms.yaml')
  if (parsed.kind === 'invalid') throw new Error(parsed.diagnostics.map(({ line, message }) => `${line}: ${message}`).join('\n'))
  return parsed.config
}

/** A lab with a bench, a cloud for everybody. */
export const platformText = `
backends:
  here: {kind: local}
pools:
  lab:
    backend: here
    default_platform: sim
    max_exec_timeout: 2h
    platforms:
      sim: {tier: sim}
      bench: {tier: hardware, exclusive: true, termination_grace_period: 60s}
  cloud:
    backend: here
    default_platform: sim
    platforms:
      sim: {tier: sim}
      gpu: {tier: gpu}
repositories:
  - match: ['acme/private']
    pools: {lab: [trusted]}
  - match: ['acme/*']
    pools: {lab: [trusted, approved], cloud: [trusted, approved, untrusted]}
`
export const platforms = platformsOf(platformText)

/** Placed by the rules of `platforms`, with a preference for some pools. */
export const inputOf = (spec: WorkflowSpec, change: Partial<PlanInput> = {}, pool: readonly string[] = []): PlanInput => {
  const { tier: _, ...provenance } = aProvenance()
  const { repository, origin } = change.provenance ?? provenance
  return {
    name: 'reach',
    path: '.osmo/reach.yaml',
    spec,
    judge: undefined,
    mergeBase: undefined,
    provenance,
    placed: place(spec, repository, origin, pool, change.platforms ?? platforms),
    platforms,
    required: 'optional',
    run: firstRun,
    values: 'usual',
    notices: [],
    ...change,
  }
}

export function planned(spec: WorkflowSpec, change: Partial<PlanInput> = {}, pool: readonly string[] = []): WorkflowPlan {
  const result = plan(inputOf(spec, change, pool))
  if (result.kind === 'refused') throw new Error(result.reason)
  return result.plan
}
