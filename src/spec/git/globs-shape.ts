import { faultOfGlob } from '../glob.ts'
import { writtenText } from '../shape/scalars.ts'
import { listOf, mapped, type Place, type Shape } from '../shape/shape.ts'
import type { Range } from '../source-text.ts'
import type { Globs } from '../types.ts'
import { quote, type YamlNode } from '../yaml/node.ts'

/** More than any list in practice; matching costs patterns times names. */
const maximumPatterns = 100

/** One pattern of GitHub Actions. */
export const globShape: Shape<string> = mapped(
  writtenText,
  (pattern, node, place) => {
    if (node.kind === 'mapping' || node.kind === 'sequence' || node.kind === 'null') return pattern
    const fault = faultOfGlob(pattern)
    if (fault === undefined) return pattern
    place.reporter.error('schema/glob', node.range, `The pattern ${quote(pattern)} cannot be used: ${fault}. See GitHub's filter patterns.`)
    return ''
  },
  '',
)

/** A list of patterns; one may stand alone, as in Actions. */
export const globsShape: Shape<readonly string[]> = {
  fallback: [],
  schema: { anyOf: [{ type: 'array', items: globShape.schema }, globShape.schema] },
  read(node, place) {
    const patterns = node.kind === 'sequence' ? listOf(globShape).read(node, place) : [globShape.read(node, place)]
    if (patterns.length > maximumPatterns) {
      const message = `Expected at most ${maximumPatterns} patterns in ${place.path}, but there are ${patterns.length}. Join some with "*".`
      place.reporter.error('limit/patterns', node.range, message)
    }
    if (patterns.length === 0 && !place.path.endsWith('-ignore')) warnOfNone(node, place)
    if (patterns.length > 0 && patterns.every((pattern) => pattern.startsWith('!'))) reportOnlyNegative(node.range, place)
    return patterns
  },
}

/** A list with nothing in it, where only what is in it is taken. */
export function warnOfNone(node: YamlNode, place: Place): void {
  const message = `${place.path} is an empty list, so it selects nothing. Name something in it, or remove the key.`
  place.reporter.warning('semantic/selects-nothing', node.range, message)
}

/** Patterns for paths of a repository, which have no "/" or "./" in front. */
export const pathGlobsShape: Shape<readonly string[]> = {
  ...globsShape,
  read(node, place) {
    for (const item of node.kind === 'sequence' ? node.items : [node]) {
      if (item.kind !== 'string' || !/^!?\.?\//.test(item.value)) continue
      const wanted = item.value.replace(/^(!?)(?:\.?\/)+/, '$1')
      const message = `${quote(item.value)} selects nothing: paths are compared from the root of the repository, without "/" or "./" before them. Write ${quote(wanted || '**')}.`
      place.reporter.warning('semantic/selects-nothing', item.range, message)
    }
    return globsShape.read(node, place)
  },
}

function reportOnlyNegative(range: Range, place: Place) {
  const message = `${place.path} only takes out and never puts in, so it selects nothing. Add a pattern without "!", such as "**", before.`
  place.reporter.error('semantic/only-negative', range, message)
}

/** `branches` or `branches-ignore`: one of them, as in Actions. */
export function chooseGlobs(
  include: readonly string[] | undefined,
  ignore: readonly string[] | undefined,
  what: string,
  node: YamlNode,
  place: Place,
): Globs | undefined {
  if (include !== undefined && ignore !== undefined) {
    const key = node.kind === 'mapping' ? node.entries.find((entry) => entry.key.text === `${what}-ignore`)?.key : undefined
    const message = `Expected either "${what}" or "${what}-ignore" in ${place.path}, but there are both. Use "!" patterns in "${what}".`
    place.reporter.error('schema/both-filters', key?.range ?? node.range, message)
  }
  if (include !== undefined) return { mode: 'include', patterns: include }
  return ignore === undefined ? undefined : { mode: 'ignore', patterns: ignore }
}
