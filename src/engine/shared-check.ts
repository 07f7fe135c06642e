import type { WorkflowId } from '../workflow/names.ts'
import { code } from '../workflow/text.ts'
import { severityRank, type Verdict, verdict } from '../workflow/verdict.ts'
import { type Judged, judgeWorkflow } from './judgement.ts'
import { isSamePlace } from './place.ts'
import type { Outbox, SampleStore, SubmissionStore, ViewStore, WorkflowView } from './ports.ts'

export type SharedCheckDeps = {
  readonly views: ViewStore
  readonly samples: SampleStore
  readonly submissions: SubmissionStore
  readonly outbox: Outbox
}

export type Read = { readonly view: WorkflowView; readonly judged: Judged; readonly verdict: Verdict }
/** What the check shows, and why where that is not this run's own end; `others` are the runs whose checks this one's end may change. */
export type Shared = Claim & { readonly others: readonly WorkflowView[] }
type Claim = { readonly verdict: Verdict; readonly note: string | undefined }

/**
 * Pull requests that share a head commit share its check, which shows the worst (extensions.md §1): else a softer base branch could turn
 * the check green that a stricter one had made red. So does a push of that commit to another branch. GitHub shows the newest check of a
 * name, so each says it.
 */
export function createSharedChecks({ views, samples, submissions, outbox }: SharedCheckDeps) {
  return { readVerdict, shown, tellOthers, requestReport }

  async function readVerdict(view: WorkflowView): Promise<Read> {
    const judged = await judgeWorkflow(view, samples)
    return { view, judged, verdict: guarded(view, verdict(view.status, judged.verdict)) }
  }

  async function shown(read: Read): Promise<Shared> {
    const { sharing, counterpart } = await views.sharingCheck(read.view.workflow.id)
    const others = counterpart ? [...sharing, counterpart] : sharing
    const own = await withUsualValues(read, counterpart)
    if (own.verdict.kind !== 'concluded') return { ...own, others }
    const runs = (await Promise.all(sharing.map(readVerdict))).filter((other) => speaksAlready(other, read))
    const claims = [...runs.map(claimOf), ...(await missedElsewhere(read.view))]
    const [worst] = claims.filter((claim) => isWorse(claim.verdict, own.verdict)).toSorted(worstFirst)
    return { ...(worst ?? own), others }
  }

  /**
   * A run with values that somebody chose is not what a change runs with, so it turns nothing green: where it went well its check shows the
   * end of the run with the usual values.
   */
  async function withUsualValues({ view, verdict: own, judged }: Read, counterpart: WorkflowView | undefined): Promise<Claim> {
    const end = verdict(view.status, judged.verdict)
    if (!isGuarded(view) || end.kind !== 'concluded' || end.conclusion !== 'success') return { verdict: own, note: undefined }
    if (!counterpart) return { verdict: own, note: `It went well with ${valuesOf(view)}, which is not what a change runs with` }
    const usual = await readVerdict(counterpart)
    return {
      verdict: usual.verdict,
      note: `It went well with ${valuesOf(view)}; shown is ${counterpart.workflow.displayId}, with the usual values`,
    }
  }

  /** Specs that another open pull request at this commit must not run: what ran here may be judged by its own rules alone. */
  async function missedElsewhere({ workflow: { provenance, spec } }: WorkflowView): Promise<readonly Claim[]> {
    const sharing = await submissions.ofOpenPullRequests(provenance.repositoryId, provenance.sha)
    return sharing
      .filter(({ submission, ran }) => !isSamePlace(submission.provenance, provenance) && !ran.includes(spec))
      .flatMap(({ submission: { skipped, provenance: other } }) =>
        skipped
          .filter((one) => one.spec === spec && one.conclusion === 'action_required')
          .map(({ reason }) => ({
            verdict: { kind: 'concluded' as const, conclusion: 'action_required' as const },
            note: `Shown is #${other.pullRequest} against ${other.baseRef}, which shares this commit and did not run it. ${reason}`,
          })),
      )
  }

  async function tellOthers({ others }: Shared): Promise<void> {
    for (const other of others) if (other.checkDigest !== undefined) await requestReport(other.workflow.id)
  }

  function requestReport(workflow: WorkflowId): Promise<void> {
    return outbox.add(
      { kind: 'workflow', workflow, effect: { kind: 'report', urgency: 'now' } },
      { key: `report/${workflow}`, lane: 'reports', delaySeconds: 0 },
    )
  }
}

/** What went well only with values that somebody chose is not a success where others rely on it. */
function guarded(view: WorkflowView, end: Verdict): Verdict {
  if (!isGuarded(view) || end.kind !== 'concluded' || end.conclusion !== 'success') return end
  return { kind: 'concluded', conclusion: view.plan.required ? 'action_required' : 'neutral' }
}

function isGuarded({ plan }: WorkflowView): boolean {
  const hasGate = plan.benchmarks.some(({ metrics }) => Object.values(metrics).some(({ gate }) => gate))
  return plan.values === 'special' && (plan.required || hasGate)
}

const valuesOf = ({ plan }: WorkflowView) => Object.keys(plan.dispatch.values).map(code).join(', ') || 'values of its own'

/** One that was opened later has a newer check, which speaks for itself until it ends. */
const speaksAlready = (other: Read, own: Read) =>
  other.verdict.kind === 'concluded' || other.view.workflow.openedAt <= own.view.workflow.openedAt

const claimOf = ({ view: { workflow }, verdict: end }: Read): Claim => ({
  verdict: end.kind === 'queued' ? { kind: 'running' } : end,
  note: `Shown is ${workflow.displayId} of #${workflow.provenance.pullRequest} against ${workflow.provenance.baseRef}, which shares this commit and ${end.kind === 'concluded' ? 'is worse' : 'has not ended'}`,
})

const isWorse = (one: Verdict, other: Verdict) => severityRank(one) < severityRank(other)
const worstFirst = (a: Claim, b: Claim) => severityRank(a.verdict) - severityRank(b.verdict)
