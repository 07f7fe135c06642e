import { createLineIndex, type Range } from './source-text.ts'
import type { Diagnostic, Severity } from './types.ts'

/** A message, or how to make it where that costs something: faults beyond the limit are counted and never put into words. */
export type Message = string | (() => string)

/** Collects the faults of one file. Ranges are in the source file. */
export type Reporter = {
  error(code: string, range: Range, message: Message): void
  warning(code: string, range: Range, message: Message): void
  hasErrors(): boolean
  /** In the order of the file; at most `maximumDiagnostics` and one line that says how many more there were. */
  diagnostics(): readonly Diagnostic[]
}

/** More than anyone reads; annotations and terminals are bounded too. */
export const maximumDiagnostics = 200

/** Longer messages are cut: they quote values, and a value may be a megabyte. */
const maximumMessageLength = 2_000

type Fault = { readonly code: string; readonly range: Range; readonly severity: Severity; readonly message: string }

export function createReporter(file: string, source: string): Reporter {
  const faults: Fault[] = []
  const seen = new Set<string>()
  let errors = 0
  let dropped = 0

  function add(severity: Severity, code: string, range: Range, words: Message) {
    if (severity === 'error') errors++
    if (faults.length >= maximumDiagnostics) {
      dropped++
      return
    }
    const message = shorten(typeof words === 'string' ? words : words())
    // An anchor used twice, or a loop that repeats a line, would say the same thing at the same place again.
    const key = `${severity} ${code} ${range.start} ${range.end} ${message}`
    if (seen.has(key)) return
    seen.add(key)
    faults.push({ code, range, severity, message })
  }

  return {
    error: (code, range, message) => add('error', code, range, message),
    warning: (code, range, message) => add('warning', code, range, message),
    hasErrors: () => errors > 0,
    diagnostics() {
      const lines = createLineIndex(source)
      const sorted = [...faults].sort((a, b) => a.range.start - b.range.start || compareSeverity(a, b))
      const shown = sorted.map((fault) => toDiagnostic(fault, file, lines))
      return dropped === 0 ? shown : [...shown, tooMany(file, dropped, errors > 0 ? 'error' : 'warning')]
    },
  }
}

function compareSeverity(a: Fault, b: Fault): number {
  return (a.severity === 'error' ? 0 : 1) - (b.severity === 'error' ? 0 : 1)
}

function toDiagnostic(fault: Fault, file: string, lines: ReturnType<typeof createLineIndex>): Diagnostic {
  const from = lines.position(fault.range.start)
  const to = lines.position(Math.max(fault.range.start, fault.range.end))
  return {
    file,
    line: from.line,
    column: from.column,
    endLine: to.line,
    endColumn: to.column,
    severity: fault.severity,
    code: fault.code,
    message: fault.message,
  }
}

function tooMany(file: string, dropped: number, severity: Severity): Diagnostic {
  const message = `Expected at most ${maximumDiagnostics} faults in one file, but there are up to ${dropped} more. Correct the ones above first.`
  return { file, line: 1, column: 1, endLine: 1, endColumn: 1, severity, code: 'limit/diagnostics', message }
}

function shorten(message: string): string {
  return message.length <= maximumMessageLength ? message : `${message.slice(0, maximumMessageLength)}…`
}
