import type { Diagnostic, SpecOptions } from '../spec/types.ts'

type Invalid = { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }

/**
 * Calls a reader of specs. All have counted limits and never throw; a stack that is full all the same, on a machine with an unusual one,
 * is a diagnostic and no crash.
 */
export function readBounded<R, O extends SpecOptions>(
  read: (text: string, options: O) => R | Invalid,
  text: string,
  options: O,
): R | Invalid {
  try {
    return read(text, options)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const place = { file: options.file, line: 1, column: 1, endLine: 1, endColumn: 1 }
    const message = `This spec could not be read: ${error.message}. Make it smaller or its template simpler.`
    return { kind: 'invalid', diagnostics: [{ ...place, severity: 'error', code: 'limit/reading', message }] }
  }
}

/** Diagnostics under the name by which the person called the file. */
export function labelled(diagnostics: readonly Diagnostic[], file: string): readonly Diagnostic[] {
  return diagnostics.map((diagnostic) => ({ ...diagnostic, file }))
}
