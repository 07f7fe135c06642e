/** ` Did you mean "x"?`, with the leading blank, or nothing when no known word is near. */
export function suggest(word: string, known: Iterable<string>): string {
  const nearest = nearestWord(word, known)
  return nearest === undefined ? '' : ` Did you mean "${nearest}"?`
}

/** ` Known are a, b and c.`, with the leading blank; of many words only some. */
export function listKnown(known: readonly string[]): string {
  const shown = known.slice(0, maximumListed).join(', ')
  const more = known.length - maximumListed
  return ` Known are ${shown === '' ? 'none' : shown}${more > 0 ? `, and ${more} more` : ''}.`
}

const maximumListed = 20
/** Words longer than this are not typed by hand. */
const maximumLength = 64
/** Known words that are looked at. A file has one list of each kind, and at most as many suggestions as diagnostics. */
export const maximumCandidates = 1_000
/** More changes than this make another word. */
const maximumDistance = 3

export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > maximumLength) return undefined
  const wanted = word.toLowerCase()
  const wantedPlain = plain(wanted)
  let best: string | undefined
  let bestDistance = Math.min(maximumDistance, Math.ceil(word.length / 3) + 1)
  let looked = 0
  for (const candidate of known) {
    if (++looked > maximumCandidates || bestDistance === 0) break
    if (Math.abs(candidate.length - word.length) > bestDistance || candidate.length > maximumLength) continue
    const lower = candidate.toLowerCase()
    const distance = plain(lower) === wantedPlain ? 0 : editDistance(lower, wanted, bestDistance - 1)
    if (distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

/** `max_regression`, `maxRegression` and `max-regression` are one word to a person. Takes lower case. */
function plain(word: string): string {
  return /[-_ ]/.test(word) ? word.replaceAll(/[-_ ]/g, '') : word
}

/** What both words begin or end with costs nothing to change. */
function editDistance(a: string, b: string, most: number): number {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let [endA, endB] = [a.length, b.length]
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--
    endB--
  }
  return distanceOfDifferent(a.slice(start, endA), b.slice(start, endB), most)
}

/**
 * Optimal string alignment: one swap of neighbours counts as one edit. Only the band of cells that `most` edits can reach
 * is looked at; anything above `most` is given as more than that.
 */
function distanceOfDifferent(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current: number[] = new Array(b.length + 1).fill(most + 1)
    current[0] = row
    const end = Math.min(b.length, row + most)
    for (let column = Math.max(1, row - most); column <= end; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + (same ? 0 : 1))
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1)
      }
      current[column] = cost
    }
    if (Math.min(...current) > most) return most + 1
    beforeLast = last
    last = current
  }
  return last[b.length] ?? 0
}
