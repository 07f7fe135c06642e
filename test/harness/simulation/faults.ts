import type { History } from './history.ts'

/**
 * What is wrong with a disturbed history, in words; nothing, when it keeps all laws and ends as the calm one did. Printed at once, since
 * those that follow take minutes.
 */
export async function faultsOf(title: string, calm: History, live: () => Promise<History>): Promise<readonly string[]> {
  const faults = await live().then(
    (history) => {
      const found = [...history.violations, ...differences(calm.end, history.end)]
      return found.length === 0 ? [] : [...found, ...whereItDied(history)]
    },
    (error: unknown) => [String(error)],
  )
  if (faults.length === 0) return []
  console.log(`  ${[title, ...faults].join('\n    ')}`)
  return [[title, ...faults].join('\n')]
}

function differences(expected: string, actual: string): readonly string[] {
  const [wanted, got] = [expected.split('\n'), actual.split('\n')]
  return [
    ...wanted.filter((line) => !got.includes(line)).map((line) => `missing: ${line}`),
    ...got.filter((line) => !wanted.includes(line)).map((line) => `instead: ${line}`),
    ...(expected !== actual && wanted.length !== got.length ? [`${got.length} lines in place of ${wanted.length}`] : []),
  ]
}

/** The calls before each death, the last one being where it came. */
function whereItDied({ trace }: History): readonly string[] {
  return trace.flatMap((line, index) => (line.endsWith(' dies') ? trace.slice(Math.max(0, index - 2), index + 1) : [])).slice(0, 12)
}

/** One after the other, the first in any case, until patience ends: a machine with other things to do gets through fewer. */
export async function eachWithPatience<Item>(
  items: readonly Item[],
  patienceSeconds: number,
  look: (item: Item) => Promise<readonly string[]>,
): Promise<{ readonly done: number; readonly seconds: number; readonly faults: readonly string[] }> {
  const started = Date.now()
  const secondsUntilNow = () => Math.round((Date.now() - started) / 1000)
  const faults: string[] = []
  let done = 0
  for (const item of items) {
    if (done > 0 && secondsUntilNow() >= patienceSeconds) break
    faults.push(...(await look(item)))
    done++
  }
  return { done, seconds: secondsUntilNow(), faults }
}
