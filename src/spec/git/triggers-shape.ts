import { warnHidden } from '../service-values.ts'
import { mapOf, optional, present, record, required, toObject, withDefault } from '../shape/record.ts'
import { flag, matching, oneOf, text, writtenText } from '../shape/scalars.ts'
import { at, listOf, mapped, type Place, type Shape, wrongType } from '../shape/shape.ts'
import { suggest } from '../suggestion.ts'
import type { PullRequestTrigger, PushTrigger, Triggers } from '../types.ts'
import { quote, type YamlNode } from '../yaml/node.ts'
import { faultOfCron, hasDate } from './cron.ts'
import { dispatchInputShape } from './dispatch-input.ts'
import { chooseGlobs, globShape, globsShape, pathGlobsShape, warnOfNone } from './globs-shape.ts'

/** The actions of a pull request that run a spec when `types` names none. */
export const defaultPullRequestTypes = ['opened', 'synchronize', 'reopened', 'ready_for_review'] as const

const pullRequestTypes = [
  ...defaultPullRequestTypes,
  'labeled',
  'unlabeled',
  'edited',
  'closed',
  'converted_to_draft',
  'assigned',
  'unassigned',
  'review_requested',
  'review_request_removed',
  'locked',
  'unlocked',
  'enqueued',
  'dequeued',
  'milestoned',
  'demilestoned',
  'auto_merge_enabled',
  'auto_merge_disabled',
] as const

const branchesAndPaths = {
  branches: optional(globsShape),
  'branches-ignore': optional(globsShape),
  paths: optional(pathGlobsShape),
  'paths-ignore': optional(pathGlobsShape),
}

const pushFields = record({ ...branchesAndPaths, tags: optional(globsShape), 'tags-ignore': optional(globsShape) })

const pushShape: Shape<PushTrigger> = mapped(
  pushFields,
  (values, node, place) =>
    present({
      branches: chooseGlobs(values.branches, values['branches-ignore'], 'branches', node, place),
      tags: chooseGlobs(values.tags, values['tags-ignore'], 'tags', node, place),
      paths: chooseGlobs(values.paths, values['paths-ignore'], 'paths', node, place),
    }),
  {},
)

const pullRequestFields = record({
  ...branchesAndPaths,
  types: optional(notEmpty(wordsOf(pullRequestTypes))),
  labels: optional(notEmpty(listOf(writtenText))),
  draft: withDefault(flag, true),
})

const pullRequestShape: Shape<PullRequestTrigger> = mapped(
  pullRequestFields,
  ({ types, labels, draft, ...filters }, node, place) => ({
    types: types ?? (labels === undefined ? defaultPullRequestTypes : [...defaultPullRequestTypes, 'labeled', 'unlabeled']),
    draft,
    ...present({
      branches: chooseGlobs(filters.branches, filters['branches-ignore'], 'branches', node, place),
      paths: chooseGlobs(filters.paths, filters['paths-ignore'], 'paths', node, place),
      labels,
    }),
  }),
  { types: defaultPullRequestTypes, draft: true },
)

const cronShape: Shape<string> = mapped(
  text,
  (cron, node, place) => {
    const fault = node.kind === 'string' ? faultOfCron(cron) : undefined
    if (fault !== undefined) {
      place.reporter.error(
        'schema/cron',
        node.range,
        `Expected a cron line such as "17 3 * * *" for ${place.path}, but ${quote(cron)} is wrong: ${fault}.`,
      )
    } else if (!hasDate(cron)) {
      const message = `${place.path} names days that none of its months has, so it selects nothing. Correct the day or the month.`
      place.reporter.warning('semantic/selects-nothing', node.range, message)
    }
    return cron
  },
  '',
)

const timezoneShape: Shape<string> = mapped(
  text,
  (zone, node, place) => {
    if (node.kind === 'string' && !isTimezone(zone)) {
      place.reporter.error(
        'schema/timezone',
        node.range,
        `Expected a time zone such as Europe/Zurich for ${place.path}, but it is ${quote(zone)}. Correct it.`,
      )
    }
    return zone
  },
  'UTC',
)

function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

const workflowRunShape = mapped(
  record({ specs: required(globNames()), branches: optional(globsShape), 'branches-ignore': optional(globsShape) }),
  (values, node, place) => ({
    specs: values.specs,
    ...present({ branches: chooseGlobs(values.branches, values['branches-ignore'], 'branches', node, place) }),
  }),
  { specs: [] },
)

function globNames(): Shape<readonly string[]> {
  return mapped(
    listOf(globShape),
    (specs, node, place) => {
      if (node.kind === 'sequence' && specs.length === 0) wrongType(node, place, 'a list with at least one spec', [])
      return specs
    },
    [],
  )
}

const inputName = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/

const dispatchShape = mapped(
  record({
    inputs: withDefault(
      mapOf(dispatchInputShape, (key, place) => {
        warnHidden('input', key.text, key.range, place.reporter)
        if (inputName.test(key.text)) return
        const message = `The input ${quote(key.text)} cannot be a template value. Expected letters, digits and "_", not beginning with a digit.`
        place.reporter.error('schema/input-name', key.range, message)
      }),
      [],
    ),
  }),
  ({ inputs }) => ({ inputs: toObject(inputs) }),
  { inputs: {} },
)

/** In Actions `push:` with nothing behind it means `push: {}`. */
function emptyAllowed<T>(shape: Shape<T>): Shape<T> {
  const empty = (node: YamlNode): YamlNode => ({ kind: 'mapping', entries: [], range: node.range, size: 1 })
  return {
    ...shape,
    schema: { anyOf: [shape.schema, { type: 'null' }] },
    read: (node, place) => shape.read(node.kind === 'null' ? empty(node) : node, place),
  }
}

const eventShapes = record({
  push: optional(emptyAllowed(pushShape)),
  pull_request: optional(emptyAllowed(pullRequestShape)),
  merge_group: optional(emptyAllowed(mapped(record({}), () => ({}) as Record<string, never>, {}))),
  schedule: optional(listOf(record({ cron: required(cronShape), timezone: withDefault(timezoneShape, 'UTC') }))),
  workflow_run: optional(workflowRunShape),
  workflow_dispatch: optional(emptyAllowed(dispatchShape)),
})

const events = ['push', 'pull_request', 'merge_group', 'schedule', 'workflow_run', 'workflow_dispatch'] as const

/** `on`: one event, a list of events, or a mapping with their filters, as in GitHub Actions. */
export const triggersShape: Shape<Triggers> = {
  fallback: {},
  schema: { anyOf: [{ enum: events }, { type: 'array', items: { enum: events } }, eventShapes.schema] },
  read(node, place) {
    if (node.kind === 'mapping') {
      for (const { key } of node.entries) warnOfUnheard(key, place)
      return toTriggers(eventShapes.read(node, place))
    }
    const named = node.kind === 'sequence' ? node.items : [node]
    const wanted = named.map((item, index) => readEvent(item, node.kind === 'sequence' ? at(place, `[${index}]`) : place))
    return Object.assign({}, ...wanted)
  },
}

/** Events that this version does not hear of. */
const unheard: ReadonlySet<string> = new Set(['merge_group', 'schedule', 'workflow_run'])

function warnOfUnheard(event: YamlNode, place: Place): void {
  if (event.kind !== 'string' || !unheard.has(event.value)) return
  place.reporter.warning(
    'semantic/unsupported',
    event.range,
    `This version does not run anything on ${event.value} yet: it has no effect here.`,
  )
}

function toTriggers(values: (typeof eventShapes)['fallback']): Triggers {
  return present({
    push: values.push,
    pullRequest: values.pull_request,
    mergeGroup: values.merge_group,
    schedule: values.schedule,
    workflowRun: values.workflow_run,
    workflowDispatch: values.workflow_dispatch,
  })
}

function readEvent(node: YamlNode, place: Place): Triggers {
  if (node.kind !== 'string') return wrongType(node, place, 'the name of an event, such as push,', {})
  switch (node.value) {
    case 'push':
      return { push: {} }
    case 'pull_request':
      return { pullRequest: pullRequestShape.fallback }
    case 'merge_group':
      warnOfUnheard(node, place)
      return { mergeGroup: {} }
    case 'workflow_dispatch':
      return { workflowDispatch: { inputs: {} } }
    case 'schedule':
    case 'workflow_run': {
      const wanted = node.value === 'schedule' ? 'cron lines' : 'the specs that it follows'
      place.reporter.error('schema/event', node.range, `The event "${node.value}" needs ${wanted}. Write "on:" as a mapping.`)
      return {}
    }
    default: {
      const hint = suggest(node.value, events) || ` Known are ${events.join(', ')}.`
      place.reporter.error('schema/event', node.range, `Expected an event in ${place.path}, but ${quote(node.value)} is none.${hint}`)
      return {}
    }
  }
}

function wordsOf<const W extends string>(words: readonly [W, ...W[]]): Shape<readonly W[]> {
  const word = oneOf<W>(words, words[0] as NoInfer<W>)
  return {
    fallback: [],
    schema: { anyOf: [word.schema, { type: 'array', items: word.schema }] },
    read: (node, place) => (node.kind === 'sequence' ? listOf(word).read(node, place) : [word.read(node, place)]),
  }
}

function notEmpty<T>(shape: Shape<readonly T[]>): Shape<readonly T[]> {
  return {
    ...shape,
    read(node, place) {
      if (node.kind === 'sequence' && node.items.length === 0) warnOfNone(node, place)
      return shape.read(node, place)
    },
  }
}

/** Names of specs, as paths below `.osmo/` without the extension. */
export const specNameShape = matching(/^[^\s/]+(?:\/[^\s/]+)*$/, 'the name of a spec, such as nav-eval or bench/orin')
