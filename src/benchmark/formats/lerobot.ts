import { type Episode, foundEpisodes } from './episodes.ts'
import { isArray, isObject, type Json, type JsonObject } from './json.ts'
import { describe, type Found, type Reading, samplesFrom, unmeasured } from './measurements.ts'

/** Recognises LeRobot's `eval_info.json`: lists per task (current) or per episode (older). */
export function isLeRobot(value: Json): value is JsonObject {
  return isObject(value) && (isArray(value.get('per_task')) || isArray(value.get('per_episode')))
}

/**
 * Reads the raw outcomes, never `pc_success`: that is a rounded share of 0-100 without pairs. Every task starts again at the same seed and
 * episode i has seed + i, so (group, task, i) names the same episode in both arms, whatever the order of the list.
 */
export function readLeRobot(value: JsonObject): Reading {
  const perTask = value.get('per_task')
  const found = isArray(perTask) ? readPerTask(perTask) : readPerEpisode(value.get('per_episode'))
  return { kind: 'read', found: [...agreeingCount(found, value), ...readOverall(value)], warnings: [] }
}

function readPerTask(tasks: readonly Json[]): readonly Found[] {
  const metrics = tasks.map((task) => ({ task: isObject(task) ? task : undefined, metrics: objectIn(task, 'metrics') }))
  const episodes = metrics.flatMap(({ task, metrics }): readonly Episode[] => {
    const outcomes = metrics?.get('successes')
    const place = { group: task?.get('task_group') ?? null, task: task?.get('task_id') ?? null }
    return isArray(outcomes) && outcomes.length > 0
      ? outcomes.map((success, index) => ({ ...place, index, success }))
      : [{ ...place, success: undefined }]
  })
  return [
    ...foundEpisodes('success', episodes),
    ...rewards((name) => metrics.map(({ metrics }) => metrics?.get(`${name}s`)).flatMap(itemsOf)),
  ]
}

function readPerEpisode(list: Json | undefined): readonly Found[] {
  const rows = isArray(list) ? list : []
  const episodes = rows.map((row): Episode => {
    const object = isObject(row) ? row : new Map<string, Json>()
    return { index: object.get('episode_ix') ?? null, seed: object.get('seed') ?? null, success: object.get('success') }
  })
  return [...foundEpisodes('success', episodes), ...rewards((name) => rows.map((row) => (isObject(row) ? (row.get(name) ?? null) : null)))]
}

function rewards(valuesOf: (name: string) => readonly Json[]): readonly Found[] {
  return ['sum_reward', 'max_reward'].flatMap((name): readonly Found[] => {
    const values = valuesOf(name)
    return values.length === 0 ? [] : [{ name, direction: 'higher', value: samplesFrom(values) }]
  })
}

/** A list shorter than the count beside it was cut off: its rate would be that of the survivors. */
function agreeingCount(found: readonly Found[], value: JsonObject): readonly Found[] {
  const declared = objectIn(value, 'overall')?.get('n_episodes')
  return found.map((metric) => {
    if (
      metric.name !== 'success' ||
      metric.value.kind !== 'episodes' ||
      declared === undefined ||
      declared === metric.value.episodes.length
    )
      return metric
    return { ...metric, value: unmeasured(`${metric.value.episodes.length} outcomes, but n_episodes is ${describe(declared)}`) }
  })
}

function readOverall(value: JsonObject): readonly Found[] {
  const overall = objectIn(value, 'overall') ?? objectIn(value, 'aggregated')
  return ['eval_s', 'eval_ep_s'].flatMap((name): readonly Found[] => {
    const seconds = overall?.get(name)
    return seconds === undefined ? [] : [{ name, unit: 's', direction: 'lower', value: samplesFrom([seconds]) }]
  })
}

function objectIn(value: Json | undefined, key: string): JsonObject | undefined {
  const inner = isObject(value) ? value.get(key) : undefined
  return isObject(inner) ? inner : undefined
}

function itemsOf(value: Json | undefined): readonly Json[] {
  return isArray(value) ? value : []
}
