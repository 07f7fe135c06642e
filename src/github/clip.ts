/** Room for what closes open constructs, and for the note. */
const reserve = 600
const maxNesting = 20

/**
 * Markdown of at most `limit` UTF-16 units: cut at the end of a line (or of a code point), with code fences and `<details>`
 * that were open closed again, and a note at the end. Text within the limit comes back as it is.
 */
export function clipMarkdown(text: string, limit: number, note: string): string {
  if (text.length <= limit) return text
  const start = cutAtLine(text, limit - reserve - note.length)
  return `${start}\n${closing(start)}\n\n${note}`
}

/** At most `limit` UTF-16 units, never half a character. */
export function clipText(text: string, limit: number): string {
  return text.length <= limit ? text : `${cut(text, limit - 1)}…`
}

function cutAtLine(text: string, length: number): string {
  const start = cut(text, length)
  const lineEnd = start.lastIndexOf('\n')
  // One endless line: rather half of it than nothing.
  return lineEnd > length / 2 ? start.slice(0, lineEnd) : start
}

/** A surrogate pair is one character. */
function cut(text: string, length: number): string {
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length)
}

function closing(text: string): string {
  const fence = openFence(text)
  const outside = text.replace(/^ {0,3}(`{3,}|~{3,})[\s\S]*?(?:^ {0,3}\1[`~]*[ \t]*$|(?![\s\S]))/gm, '')
  const opened = outside.match(/<details\b/gi)?.length ?? 0
  const closed = outside.match(/<\/details>/gi)?.length ?? 0
  const nesting = Math.min(Math.max(0, opened - closed), maxNesting)
  return `${fence === undefined ? '' : `${fence}\n`}${'\n</details>\n'.repeat(nesting)}`
}

/** The marks of the code fence that is open at the end; a fence is closed by at least as many of its own kind. */
function openFence(text: string): string | undefined {
  let open: string | undefined
  for (const [, marks = '', rest = ''] of text.matchAll(/^ {0,3}(`{3,}|~{3,})(.*)$/gm)) {
    if (open === undefined) open = marks.slice(0, 100)
    else if (marks[0] === open[0] && marks.length >= open.length && rest.trim() === '') open = undefined
  }
  return open
}
