import { nearestWord } from '../suggestion.ts'
import type { Span } from './limits.ts'
import type { SyntaxFault } from './syntax.ts'
import type { Opening } from './tag-reader.ts'
import type { Token } from './tokens.ts'
import { shortened } from './word-lexer.ts'

const tags = ['for', 'if', 'set', 'macro', 'call', 'filter', 'with', 'block', 'autoescape', 'raw', 'print'] as const
const rawMessage = 'Expected {% raw %} with nothing behind "raw". Remove the rest.'
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

/** The word itself if there is such a tag, else the one that it is near. */
export function intendedTag(name: string): string | undefined {
  return continuations.has(name) || Object.hasOwn(refusals, name) ? name : nearestWord(name, [...tags, ...continuations])
}

/** Names that a tag would set, from what stands behind its name; all that it mentions where that is not clear. */
export function namesSetBy(tag: string, tokens: readonly Token[]): readonly string[] {
  if (tag === 'if' || tag === 'elif' || tag === 'print') return []
  const divider = tokens.findIndex(({ kind, text }) =>
    tag === 'set' ? kind === 'operator' && text === '=' : tag === 'for' && text === 'in',
  )
  return (divider < 0 ? tokens : tokens.slice(0, divider)).filter(({ kind }) => kind === 'name').map(({ text }) => text)
}

export function unclosedTag(closers: readonly string[], { name, start, end }: Opening): SyntaxFault {
  const message = `Expected {% ${closers.at(-1)} %} for this {% ${name} %}, and the text ends before it. Add it.`
  return { code: 'template/syntax', message, start, end }
}

/** Such a word where it does not belong; `enclosing` is the tag of the innermost open block. */
export function strayTag(name: string, enclosing: string | undefined, { start, end }: Span): SyntaxFault {
  const message =
    enclosing === undefined
      ? `Expected an open block before {% ${name} %}, and there is none. Remove it, or add the tag that opens it.`
      : `Expected {% end${enclosing} %} for the open {% ${enclosing} %}, got {% ${name} %}. Close blocks in the order in which they were opened.`
  return { code: 'template/syntax', message, start, end }
}

/** A tag that Jinja has and that is refused here, or that there is not. */
export function unknownTag(name: string, { start, end }: Span): SyntaxFault {
  if (name === 'raw') return { code: 'template/syntax', message: rawMessage, start, end }
  const refusal = Object.hasOwn(refusals, name) ? refusals[name] : undefined
  if (refusal !== undefined)
    return { code: 'template/unsupported', message: `Expected a tag that is allowed here, got "${name}": ${refusal}`, start, end }
  const near = nearestWord(name, [...tags, ...continuations])
  const message = `Expected a tag that Jinja knows (${tags.join(', ')}), got "${shortened(name)}".${near === undefined ? ' Correct it, or put {% raw %} before and {% endraw %} behind text that only looks like Jinja.' : ` Did you mean "${near}"?`}`
  return { code: 'template/syntax', message, start, end }
}
