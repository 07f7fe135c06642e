import { cleanText, clip } from './clean-text.ts'
import { codeSpan, escapeMarkdown, escapeSentence } from './escape.ts'
import type { Judgement, MetricRow } from './judge.ts'
import { formatChange, formatInterval, formatQ, formatValue, sparkline } from './report/numbers.ts'
import { evidenceWords, markOf, powerWords, verdictWords } from './report/words.ts'

/** What surrounds the numbers of one spec. All texts may come from a pull request and are escaped here. */
export type SectionContext = {
  /** The spec's name, as in its check. */
  readonly spec: string
  readonly headCommit: string
  /** What was measured as head: `commit` on the check of a push, which no conversation belongs to. */
  readonly subject: 'pull-request' | 'commit'
  /** When a base arm ran: whose code it was, and the older commits whose outputs it read, where nothing at the merge base had made them. */
  readonly base?: { readonly mergeBase: string; readonly olderInputs: readonly string[] }
  /** Trusted addresses of our own pages. */
  readonly links?: readonly { readonly text: string; readonly url: string }[]
  /** Sentences to put first under the heading, such as what the pull request changed about its own judge; names in backticks. */
  readonly remarks?: readonly string[]
  /** The section is cut to this: rows of details go first. Default 20 000. */
  readonly longestCharacters?: number
}

/** Verdict in a few words, Markdown: the first line of a comment is also the preview in a mail. */
export function benchmarkHeadline(judgement: Judgement): string {
  return headlineParts(judgement)
    .map(({ mark, text }) => withMark(mark, escapeMarkdown(text)))
    .join(' · ')
}

/** The same as plain text for the title of a check, at most 140 characters. */
export function benchmarkTitle(judgement: Judgement): string {
  return clip(
    headlineParts(judgement)
      .map(({ mark, text }) => withMark(mark, cleanText(text, 80)))
      .join(' · '),
    140,
  )
}

/**
 * One spec's part of the pull-request comment, in GitHub's Markdown: verdict, a table of gates with the worst first, trend, all metrics and how they were
 * judged. The same judgement gives the same text, so that nothing is edited when nothing changed.
 */
export function benchmarkSection(judgement: Judgement, context: SectionContext): string {
  const longest = context.longestCharacters ?? 20_000
  const detailCounts = [200, 50, 10, 0]
  const texts = detailCounts.map((details) => () => composeSection(judgement, context, details))
  for (const compose of texts) {
    const text = compose()
    if (text.length <= longest) return text
  }
  return clip(composeSection({ ...judgement, rows: judgement.rows.slice(0, 10) }, context, 0), longest)
}

function composeSection(judgement: Judgement, context: SectionContext, details: number): string {
  const gates = judgement.rows.filter(({ role }) => role === 'gate')
  const blocks = [
    `### ${benchmarkHeadline(judgement)}`,
    subtitle(context),
    ...(context.remarks ?? []).map((remark) => `⚠️ ${escapeSentence(remark)}`),
    gateTable(gates.length > 0 ? gates : judgement.rows.slice(0, 10), context),
    worstTasks(judgement.rows),
    trend(judgement.rows),
    allMetrics(judgement.rows, details, context),
    howJudged(judgement, gates),
    advice(gates, context),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

export type Part = { readonly mark: string; readonly text: string }

function withMark(mark: string, text: string): string {
  return mark === '' ? text : `${mark} ${text}`
}

/** At most three gates by name, then counts. */
export function headlineParts({ rows, conclusion }: Judgement): readonly Part[] {
  const gates = rows.filter(({ role }) => role === 'gate')
  if (rows.length === 0) return [{ mark: '❔', text: 'no benchmark was measured' }]
  const notable = gates.filter(({ outcome }) => outcome !== 'fine')
  const named = notable.slice(0, 3).map((row): Part => ({ mark: markOf(row), text: headlineOf(row) }))
  const rest = notable.length > 3 ? [{ mark: '…', text: `${notable.length - 3} more` }] : []
  return [...named, ...rest, countPart(gates, rows, conclusion)]
}

function countPart(gates: readonly MetricRow[], rows: readonly MetricRow[], conclusion: Judgement['conclusion']): Part {
  if (gates.length === 0)
    return { mark: conclusion === 'success' ? 'ℹ️' : '❔', text: `${count(rows.length, 'metric')} shown, none is a gate` }
  const fine = gates.filter(({ effect }) => effect === 'success').length
  return { mark: fine === gates.length ? '✅' : '', text: `${fine} of ${count(gates.length, 'gate')} fine` }
}

function headlineOf(row: MetricRow): string {
  const change = formatChange(row.change, row.unit)
  switch (row.outcome) {
    case 'regressed':
    case 'improved':
      return change === '' ? `${row.metric} outside its limit` : `${row.metric} ${change}`
    case 'unmeasured':
      return row.cause === 'base' ? `${row.metric} has no base` : `${row.metric} unmeasured`
    default:
      return `${row.metric} ${row.outcome}`
  }
}

function subtitle({ spec, headCommit, base, links = [] }: SectionContext): string {
  const commits = `${codeSpan(spec)} on ${shortSpan(headCommit)}${base === undefined ? '' : ` ${baseWords(base)}, run in turn on the same node`}`
  return [commits, ...links.map(({ text, url }) => `[${escapeMarkdown(text)}](<${url.replace(/[\s<>]/g, encodeURIComponent)}>)`)].join(
    ' · ',
  )
}

function baseWords({ mergeBase, olderInputs }: NonNullable<SectionContext['base']>): string {
  const read = olderInputs.length === 0 ? '' : ` with outputs of ${olderInputs.map(shortSpan).join(', ')}, which is older`
  return `vs merge base ${shortSpan(mergeBase)}${read}`
}

const shortSpan = (commit: string) => codeSpan(commit.slice(0, 7))

function gateTable(rows: readonly MetricRow[], context: SectionContext): string {
  const shown = rows.slice(0, 40)
  const lines = shown.map(
    (row) =>
      `| ${[nameCell(row, rows), ...valueCells(row), changeCell(row), escapeMarkdown(evidenceWords(row)), verdictCell(row)].join(' | ')} |`,
  )
  const more = rows.length > shown.length ? [`| … and ${rows.length - shown.length} more | | | | | |`] : []
  const kind = rows[0]?.role === 'gate' ? 'gate' : 'metric'
  return [
    `| ${kind} | base | this ${subjectWord(context)} | change (95 % CI) | evidence | verdict |`,
    '|:--|--:|--:|--:|:--|:--|',
    ...lines,
    ...more,
  ].join('\n')
}

const subjectWord = ({ subject }: SectionContext) => (subject === 'commit' ? 'commit' : 'PR')

/** The testbed is named only where it tells rows apart. */
function nameCell(row: MetricRow, rows: readonly MetricRow[]): string {
  const places = new Set(rows.map(placeOf))
  return `**${codeSpan(row.metric)}**${places.size > 1 ? `, ${escapeMarkdown(placeOf(row))}` : ''}`
}

function placeOf({ benchmark, task, testbed }: MetricRow): string {
  return [benchmark === task ? task : `${benchmark} (${task})`, testbed].filter(Boolean).join(' on ')
}

function valueCells(row: MetricRow): readonly string[] {
  return [row.base, row.head].map((value) => escapeMarkdown(formatValue(value, row.unit)))
}

function changeCell(row: MetricRow): string {
  if (row.change.kind === 'none') return '–'
  return `**${escapeMarkdown(formatChange(row.change, row.unit))}** (${escapeMarkdown(formatInterval(row.change))})`
}

function verdictCell(row: MetricRow): string {
  const words = escapeMarkdown(verdictWords(row))
  return row.note === '' ? words : `${words}<br><sub>${escapeMarkdown(row.note)}</sub>`
}

/** Tasks of a success gate that lost most, from the rates per task that stand beside it. */
function worstTasks(rows: readonly MetricRow[]): string {
  const gates = rows.filter(({ role, head, outcome }) => role === 'gate' && head.kind === 'rate' && outcome === 'regressed')
  const tasks = rows.filter((row) =>
    gates.some((gate) => gate.benchmark === row.benchmark && gate.testbed === row.testbed && row.metric.startsWith(`${gate.metric}/`)),
  )
  const lost = tasks.flatMap(({ metric, base, head }) =>
    base.kind === 'rate' && head.kind === 'rate' && head.successes < base.successes ? [{ metric, base, head }] : [],
  )
  const worst = lost.sort((a, b) => b.base.successes - b.head.successes - (a.base.successes - a.head.successes)).slice(0, 3)
  return worst.length === 0
    ? ''
    : `Worst tasks: ${worst.map(({ metric, base, head }) => `${codeSpan(metric)} ${base.successes} → ${head.successes} of ${head.trials}`).join(' · ')}`
}

function trend(rows: readonly MetricRow[]): string {
  const lines = rows.filter(({ role, history }) => role === 'gate' && sparkline(history) !== '').slice(0, 5)
  if (lines.length === 0) return ''
  const longest = Math.min(30, Math.max(...lines.map(({ history }) => history.length)))
  return `Trend on the default branch (${longest === 1 ? 'its first run' : `last ${longest} runs`}): ${lines.map((row) => `${codeSpan(row.metric)} \`${sparkline(row.history)}\` ${latest(row)}`).join(' · ')}`
}

function latest(row: MetricRow): string {
  const value = row.history.at(-1) ?? Number.NaN
  const isRate = row.head.kind === 'rate'
  return escapeMarkdown(formatValue(isRate ? { kind: 'rate', successes: value, trials: 1 } : { kind: 'number', value, runs: 1 }, row.unit))
}

function allMetrics(rows: readonly MetricRow[], details: number, context: SectionContext): string {
  if (rows.length === 0) return ''
  const unmeasured = rows.filter(({ outcome }) => outcome === 'unmeasured').length
  const testbeds = new Set(rows.map(({ testbed }) => testbed)).size
  const summary = [
    `All ${count(rows.length, 'metric')}`,
    ...(testbeds > 1 ? [count(testbeds, 'testbed')] : []),
    ...(unmeasured > 0 ? [`${unmeasured} unmeasured`] : []),
  ].join(' · ')
  const lines = rows.slice(0, details).map(detailLine)
  const more = rows.length > details ? [`| … and ${rows.length - details} more | | | | | |`] : []
  const table = [
    `| metric | testbed | base | ${subjectWord(context)} | change | result |`,
    '|:--|:--|--:|--:|--:|:--|',
    ...lines,
    ...more,
  ].join('\n')
  return `<details><summary>${summary}</summary>\n\n${table}\n\n</details>`
}

function detailLine(row: MetricRow): string {
  const arrow = row.direction === 'lower' ? ' ↓' : row.direction === 'higher' ? ' ↑' : ''
  const result = [
    row.role === 'info' ? infoWords[row.outcome] : row.outcome,
    ...(row.q === undefined ? [] : [formatQ(row.q)]),
    ...(row.note === '' ? [] : [row.note]),
  ].join(' · ')
  return `| ${[`${codeSpan(row.metric)}${arrow}`, escapeMarkdown(row.testbed), ...valueCells(row), escapeMarkdown(formatChange(row.change, row.unit)) || '–', escapeMarkdown(result)].join(' | ')} |`
}

/** Nothing was asked of these, so nothing was answered: milder words than for gates. */
const infoWords = {
  regressed: 'worse',
  improved: 'better',
  fine: 'no change',
  inconclusive: 'no clear change',
  unmeasured: 'unmeasured',
  shown: 'shown',
} as const

function howJudged(judgement: Judgement, gates: readonly MetricRow[]): string {
  const power = gates
    .flatMap((row) => (powerWords(row) === '' ? [] : [`- ${codeSpan(row.metric)}: ${escapeMarkdown(powerWords(row))}.`]))
    .slice(0, 10)
  const lines = [
    'A gate is **regressed** when q ≤ .01 and the estimate is worse than its budget, **improved** when the same holds with the arms swapped, **fine** when the bad end of the 95 % interval is inside the budget, else **inconclusive**. A number that is missing is never a success.',
    `q is p after Benjamini and Hochberg over ${familyWords(judgement.gateTests)}. Episodes: McNemar’s mid-p on pairs, Newcombe’s interval. Numbers: exact Mann-Whitney and Hodges-Lehmann on the median of each run. Counts: Fisher, Newcombe.`,
    ...(power.length > 0 ? [power.join('\n')] : []),
    ...testbedLines(judgement.rows),
    ...(judgement.warnings.length > 0 ? [judgement.warnings.map((warning) => `- ⚠️ ${escapeMarkdown(warning)}`).join('\n')] : []),
  ]
  return `<details><summary>How this was judged</summary>\n\n${lines.join('\n\n')}\n\n</details>`
}

function familyWords({ base, head, unknown }: Judgement['gateTests']): string {
  if (head + unknown === 0) return `${count(base, 'test')} of the gates of this workflow`
  const added = head === 0 ? '' : `, and over the ${count(head, 'test')} of what only head asks or measures by themselves`
  const alone = unknown === 0 ? '' : `; ${count(unknown, 'test')} of names that base may or may not measure stand alone`
  return `${count(base, 'test')} of base’s gates${added}${alone}`
}

function testbedLines(rows: readonly MetricRow[]): readonly string[] {
  const testbeds = [...new Set(rows.map(({ testbed }) => testbed).filter(Boolean))].slice(0, 10)
  return testbeds.length === 0 ? [] : [`Testbed${testbeds.length > 1 ? 's' : ''}: ${testbeds.map(escapeMarkdown).join('; ')}.`]
}

/** What a person can do about the gates that do not pass, with commands that exist. */
function advice(gates: readonly MetricRow[], { spec, subject }: SectionContext): string {
  const open = gates.filter(({ effect }) => effect === 'action_required' || effect === 'neutral')
  const again = subject === 'commit' ? 'Again: "Re-run" on this check' : `Again: \`/osmo run ${commandName(spec)}\``
  if (open.length === 0) return gates.some(({ effect }) => effect === 'failure') ? again : ''
  const kind = open.some(({ effect }) => effect === 'action_required') ? 'WARNING' : 'NOTE'
  const lines = open.slice(0, 5).map((row) => `> - ${codeSpan(row.metric)}: ${adviceFor(row)}`)
  return [`> [!${kind}]`, ...lines, `> - ${again}`].join('\n')
}

function adviceFor(row: MetricRow): string {
  if (row.outcome === 'unmeasured') return escapeMarkdown(row.note)
  if (!row.further) return 'no affordable number of runs settles it: the change sits at its budget. Widen the budget or reduce the noise.'
  const where =
    row.further.counted === 'pairs' || row.further.counted === 'runs'
      ? 'raise `pairs` under `compare` in the spec'
      : 'let the evaluation play more'
  return `about ${row.further.count} more ${row.further.counted} would settle it; ${where}.`
}

/** Names of specs hold only these characters; anything else must not reach a command that people copy. */
function commandName(spec: string): string {
  return spec.replace(/[^\w./-]/g, '').slice(0, 120)
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
