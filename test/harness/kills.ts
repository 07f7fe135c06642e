import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Random, seededRandom } from '../../src/benchmark/random.ts'
import type { TestInstallation } from './installation.ts'

/** Who dies, and how many changes of state after the last death. */
export type Kill = { readonly victim: Victim; readonly afterChanges: number }
export type Victim = 'service' | 'postgres' | 'redis'

/** Mostly the service, since that is whose work is cut off in the middle. */
export function plannedKills(seed: number, count: number, others: readonly Victim[]): readonly Kill[] {
  const random: Random = seededRandom(seed)
  return Array.from({ length: count }, () => ({
    victim: random() < 0.6 ? 'service' : (others[Math.floor(random() * others.length)] ?? 'service'),
    afterChanges: 1 + Math.floor(random() * 3),
  }))
}

/** Kills at changes of state that the service logged, until the plan is done or nothing changes any more. Returns what was done. */
export async function killThrough(
  world: TestInstallation,
  kills: readonly Kill[],
  perform: Readonly<Record<Victim, () => Promise<void>>>,
  isOver: () => Promise<boolean>,
): Promise<readonly Kill[]> {
  const done: Kill[] = []
  for (const kill of kills) {
    const from = stateChanges(world)
    while (stateChanges(world) < from + kill.afterChanges) {
      if (await isOver()) return done
      await sleep(20)
    }
    await perform[kill.victim]()
    done.push(kill)
  }
  return done
}

const stateChanges = (world: TestInstallation) => world.logLines().filter(({ msg }) => msg === 'state').length

/** The embedded server and, by its shared memory, all of its children. */
export async function killPostgres(world: TestInstallation): Promise<void> {
  const pidFile = join(world.directory, 'postgres', 'data', 'postmaster.pid')
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
  if (!(pid > 1)) throw new Error(`Expected a pid in ${pidFile}`)
  process.kill(pid, 'SIGKILL')
}
