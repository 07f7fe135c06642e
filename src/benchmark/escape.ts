import { cleanText } from './clean-text.ts'

/** Longest name or value shown in a comment, in characters; and longest sentence. */
const shownLength = 120
const sentenceLength = 500

/**
 * Text from a pull request made safe inside a line or table cell of GitHub's Markdown: shows as itself, whatever it says. GitHub looks for
 * mentions, references and addresses in the rendered text, where a backslash no longer helps, so those are broken by a zero-width space.
 */
export function escapeMarkdown(text: string): string {
  return escaped(cleanText(text, shownLength))
}

/** A sentence of ours with names from a pull request in it: what stands between backticks stays code, all else shows as itself. */
export function escapeSentence(text: string): string {
  const parts = cleanText(text, sentenceLength).split(/`([^`]*)`/)
  return parts.map((part, index) => (index % 2 === 0 ? escaped(part) : codeSpan(part))).join('')
}

function escaped(text: string): string {
  return text
    .replace(/[\\`*_[\]<>#|~&$]/g, '\\$&')
    .replace(/^[-+=](?=[-=\s]|$)/, '\\$&')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')
    .replace(/@/g, '@\u200b')
    .replace(/\\#(?=\d)/g, '\\#\u200b')
    .replace(/\b(GH-)(?=\d)/gi, '$1\u200b')
    .replace(/:(?=\/\/)/g, ':\u200b')
    .replace(/\b(www)\./gi, '$1\u200b.')
    .replace(/\b(mailto|xmpp):/gi, '$1\u200b:')
}

/** A name in a code span, where GitHub links nothing. Backticks and pipes, which end a span or a cell, become look-alikes. */
export function codeSpan(text: string): string {
  const clean = cleanText(text, shownLength).replaceAll('`', 'ˋ').replaceAll('|', '¦')
  return clean === '' ? '` `' : `\`${clean}\``
}
