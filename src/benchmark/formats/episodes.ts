import type { MeasuredValue } from '../types.ts'
import type { Json } from './json.ts'
import { describe, type Found, limits, unmeasured } from './measurements.ts'

/** One seeded try. What the format does not give stays empty in the key. */
export type Episode = {
  readonly group?: Json
  readonly task?: Json
  readonly index?: Json
  readonly seed?: Json
  readonly success: Json | undefined
}

/** Most tasks for which a rate of its own is shown. */
const mostTasks = 200

/**
 * A success metric over episodes, and one for each task when there are several, named `<name>/<task>`.
 * The key is (group, task, index, seed), the same in both arms, so that episodes can be paired.
 */
export function foundEpisodes(name: string, episodes: readonly Episode[]): readonly Found[] {
  const whole: Found = { name, direction: 'higher', value: episodesFrom(episodes) }
  const tasks = [...Map.groupBy(episodes, taskOf)]
  if (tasks.length < 2 || tasks.length > mostTasks) return [whole]
  return [whole, ...tasks.map(([task, own]): Found => ({ name: `${name}/${task}`, direction: 'higher', value: episodesFrom(own) }))]
}

function episodesFrom(episodes: readonly Episode[]): MeasuredValue {
  if (episodes.length === 0) return unmeasured('0 episodes')
  if (episodes.length > limits.episodes) return unmeasured(`${episodes.length} episodes; at most ${limits.episodes} are read`)
  const outcomes = new Map<string, boolean>()
  for (const episode of episodes) {
    const key = [episode.group, episode.task, episode.index, episode.seed].map(keyPart).join('/')
    const success = outcomeOf(episode.success)
    if (success === undefined) return unmeasured(`episode ${key} has no outcome: it is ${describe(episode.success)}`)
    if (outcomes.has(key)) return unmeasured(`episode ${key} comes twice`)
    outcomes.set(key, success)
  }
  return { kind: 'episodes', episodes: [...outcomes].map(([key, success]) => ({ key, success })) }
}

function taskOf(episode: Episode): string {
  return [episode.group, episode.task].map(keyPart).filter(Boolean).join('/')
}

function keyPart(part: Json | undefined): string {
  return typeof part === 'string' || typeof part === 'number' ? String(part) : ''
}

/** 0 and 1 are what numpy writes for booleans. */
function outcomeOf(value: Json | undefined): boolean | undefined {
  if (value === true || value === 1) return true
  return value === false || value === 0 ? false : undefined
}
