import { nearestWord } from '../suggestion.ts'
import type { Span } from './limits.ts'
import type { SyntaxFault } from './syntax.ts'

const tags = ['for', 'if', 'set', 'macro', 'call', 'filter', 'with', 'block', 'autoescape', 'raw', 'print'] as const
const continuations: ReadonlySet<string> = new Set(['else', 'elif', ...tags.map((tag) => `end${tag}`)])
const refusals: Readonly<Record<string, string>> = {
  include: 'a spec is one file, and {% include %} would read another. Put the text here.',
  import: 'a spec is one file, and {% import %} would read another. Put the macros here.',
  from: 'a spec is one file, and {% from %} would read another. Put the macros here.',
  extends: 'a spec is one file, and {% extends %} would read another. Put the text here.',
  do: '{% do %} is an extension that OSMO does not load. Write {% set _ = … %}.',
  break: '{% break %} is an extension that OSMO does not load. Write {% for … if … %} or {% if %}.',
  continue: '{% continue %} is an extension that OSMO does not load. Write {% for … if … %} or {% if %}.',
  trans: '{% trans %} is an extension that OSMO does not load. Write the text itself.',
  debug: '{% debug %} is an extension that OSMO does not load. Remove it.',
}

/** Words that go on with a block or end it, and open none. */
export function isContinuation(name: string): boolean {
  return continuations.has(name)
}

/** Such a word where it does not belong; `enclosing` is the tag of the innermost open block. */
export function misplacedTag(name: string, enclosing: string | undefined, { start, end }: Span): SyntaxFault {
  const message =
    enclosing === undefined
      ? `Expected an open block before {% ${name} %}, and there is none. Remove it, or add the tag that opens it.`
      : `Expected {% end${enclosing} %} for the open {% ${enclosing} %}, got {% ${name} %}. Close blocks in the order in which they were opened.`
  return { code: 'template/syntax', message, start, end }
}

/** A tag that Jinja has and that is refused here, or that there is not. */
export function unknownTag(name: string, { start, end }: Span): SyntaxFault {
  const refusal = Object.hasOwn(refusals, name) ? refusals[name] : undefined
  if (refusal !== undefined)
    return { code: 'template/unsupported', message: `Expected a tag that is allowed here, got "${name}": ${refusal}`, start, end }
  const near = nearestWord(name, [...tags, ...continuations])
  const message = `Expected a tag that Jinja knows (${tags.join(', ')}), got "${name}".${near === undefined ? ' Correct it, or put {% raw %} before and {% endraw %} behind text that only looks like Jinja.' : ` Did you mean "${near}"?`}`
  return { code: 'template/syntax', message, start, end }
}
