import { linesOf } from '../spec/source-text.ts'
import type { Diagnostic } from '../spec/types.ts'
import { paint, type Terminal, visible } from './terminal.ts'

export type Format = 'text' | 'json'

/** Prints diagnostics as compilers do, with the line and a caret below the fault; or as one JSON array. */
export function diagnosticsText(
  diagnostics: readonly Diagnostic[],
  format: Format,
  textOf: (file: string) => string | undefined,
  terminal: Terminal,
): string {
  if (format === 'json') return `${JSON.stringify(diagnostics.map(toPlain), undefined, 2)}\n`
  const linesOfFile = keep((file: string) => linesOf((textOf(file) ?? '').replace(/^\uFEFF/, '')))
  return diagnostics.map((diagnostic) => block(diagnostic, linesOfFile(diagnostic.file), terminal)).join('')
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error')
}

/** `2 errors and 1 warning`. */
export function countText(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  const warnings = diagnostics.length - errors
  const parts = [counted(errors, 'error'), counted(warnings, 'warning')].filter((part) => part !== '')
  return parts.length === 0 ? 'no errors' : parts.join(' and ')
}

export function counted(count: number, word: string): string {
  return count === 0 ? '' : `${count} ${word}${count === 1 ? '' : 's'}`
}

function toPlain({ file, line, column, endLine, endColumn, severity, code, message }: Diagnostic): Diagnostic {
  return { file, line, column, endLine, endColumn, severity, code, message }
}

function keep<T>(read: (file: string) => T): (file: string) => T {
  const known = new Map<string, T>()
  return (file) => {
    const value = known.get(file) ?? read(file)
    known.set(file, value)
    return value
  }
}

function block(diagnostic: Diagnostic, lines: readonly string[], terminal: Terminal): string {
  const { file, line, column, severity, code, message } = diagnostic
  const place = paint(terminal, 'bold', visible(`${file}:${line}:${column}:`))
  const kind = paint(terminal, severity === 'error' ? 'red' : 'yellow', `${severity}:`)
  const head = `${place} ${kind} ${visible(message)} ${paint(terminal, 'dim', `[${code}]`)}\n`
  const text = lines[line - 1]
  return text === undefined || text.trim() === '' ? head : head + excerpt(diagnostic, text, terminal)
}

/** Columns of the source that are shown beside the fault. */
const before = 60
const shown = 140

function excerpt({ line, column, endLine, endColumn, severity }: Diagnostic, text: string, terminal: Terminal): string {
  const from = text.length <= shown ? 0 : Math.max(0, column - 1 - before)
  const window = text.slice(from, from + shown).trimEnd()
  const start = Math.min(column - 1 - from, window.length)
  const end = endLine > line ? window.length : Math.min(endColumn - 1 - from, window.length)
  const marks = `^${'~'.repeat(Math.max(0, end - start - 1))}`
  const number = String(line).padStart(5)
  const source = visible(window.replaceAll('\t', ' '))
  const caret = ' '.repeat(Math.max(0, start)) + paint(terminal, severity === 'error' ? 'red' : 'yellow', marks)
  return `${number} | ${from > 0 ? '…' : ''}${source}\n${' '.repeat(number.length)} | ${from > 0 ? ' ' : ''}${caret}\n`
}
