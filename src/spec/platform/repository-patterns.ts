import { compileGlob } from '../glob.ts'
import { writtenText } from '../shape/scalars.ts'
import { listOf, mapped, type Shape } from '../shape/shape.ts'
import { quote } from '../yaml/node.ts'

/** More than any list in practice; every plan asks all of them. */
const maximumPatterns = 100

/** An owner has at most 39 characters and a name 100. */
const maximumLength = 256

/** `acme/*`, `acme/sec*`: a star is any text within the owner or within the name. Both ignore case, as on GitHub. */
export function matchesRepository(pattern: string, repository: string): boolean {
  return compileGlob(pattern.toLowerCase())(repository.toLowerCase())
}

/**
 * A pattern that matches nothing would leave its repositories to the next rule, which may open more than this one: what could never match a
 * repository is refused.
 */
const patternShape: Shape<string> = mapped(
  writtenText,
  (pattern, node, place) => {
    if (node.kind === 'mapping' || node.kind === 'sequence' || node.kind === 'null') return pattern
    const fault = faultOf(pattern)
    if (fault === undefined) return pattern
    const message = `Expected OWNER/NAME in ${place.path}, either with "*" for any text in it, but it is ${quote(pattern)}: ${fault}. It could never match a repository. Correct it.`
    place.reporter.error('schema/repository-pattern', node.range, message)
    return ''
  },
  '',
)

function faultOf(pattern: string): string | undefined {
  if (pattern.length > maximumLength) return `it is longer than ${maximumLength} characters`
  if (pattern.startsWith('!'))
    return 'no pattern takes out; the first rule that matches decides, so write what is opened less in a rule above'
  if (pattern.includes('**')) return '"**" is not supported, and "*" is enough'
  const strange = /[^A-Za-z0-9._*/-]/.exec(pattern)?.[0]
  if (strange !== undefined) return `${quote(strange)} is in no name of a repository, and only "*" is special`
  const slashes = pattern.split('/').length - 1
  if (slashes !== 1) return slashes === 0 ? 'it has no slash' : `it has ${slashes} slashes`
  return /^\/|\/$/.test(pattern) ? 'its owner or its name is empty' : undefined
}

/** Of one rule; one pattern may stand alone. */
export const repositoryPatternsShape: Shape<readonly string[]> = {
  fallback: [],
  schema: { anyOf: [{ type: 'array', items: patternShape.schema, minItems: 1 }, patternShape.schema] },
  read(node, place) {
    if (node.kind !== 'sequence') return [patternShape.read(node, place)]
    const patterns = listOf(patternShape).read(node, place)
    if (patterns.length === 0) {
      const message = `Expected at least one OWNER/NAME in ${place.path}, but there is none, so the rule matches no repository. Add one, or remove the rule.`
      place.reporter.error('schema/repository-pattern', node.range, message)
    }
    if (patterns.length > maximumPatterns) {
      const message = `Expected at most ${maximumPatterns} patterns in ${place.path}, but there are ${patterns.length}. Join some with "*".`
      place.reporter.error('limit/patterns', node.range, message)
    }
    return patterns
  },
}
