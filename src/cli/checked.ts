import { type LocatedResult, locateLocalpaths, locateSpec } from '../spec/parse-spec.ts'
import type { Diagnostic, SpecOptions } from '../spec/types.ts'
import { checkLocalpaths } from './localpaths.ts'
import { labelled, readBounded } from './reading.ts'
import { settingsDiagnostics } from './settings.ts'
import { type Source, specNames } from './sources.ts'

export type Located = Extract<LocatedResult, { kind: 'valid' }>

/** `located` is absent when the text itself is not valid; files that it names may be missing all the same. */
export type Checked = { readonly located: Located | undefined; readonly diagnostics: readonly Diagnostic[] }

/** All that is wrong with a spec and with the files that it names, in the order of the lines. */
export async function checkSpec(source: Source, options: SpecOptions): Promise<Checked> {
  const result = readBounded(locateSpec, source.text, options)
  const own = labelled(result.kind === 'valid' ? result.warnings : result.diagnostics, source.label)
  const localpaths = result.kind === 'valid' ? result.places.localpaths : localpathsOf(source, options)
  const isSaid = ({ line, column }: Diagnostic) => own.some((one) => one.line === line && one.column === column && one.severity === 'error')
  const missing = (await checkLocalpaths(source, localpaths)).filter((one) => !isSaid(one))
  return { located: result.kind === 'valid' ? result : undefined, diagnostics: inOrder([...own, ...missing]) }
}

export function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.toSorted((a, b) => a.line - b.line || a.column - b.column)
}

function localpathsOf({ text }: Source, options: SpecOptions) {
  const read = (source: string, given: SpecOptions) => ({ kind: 'located' as const, localpaths: locateLocalpaths(source, given) })
  const result = readBounded(read, text, options)
  return result.kind === 'located' ? result.localpaths : []
}

/** As `settingsDiagnostics`, beside the specs that are there now and the pools of an administrator's file. */
export async function checkSettings(source: Source, pools: readonly string[] | undefined): Promise<readonly Diagnostic[]> {
  const specs = source.root === undefined || !source.path.startsWith('.osmo/') ? undefined : await specNames(source.root)
  return settingsDiagnostics(source, { ...(specs && { specs }), ...(pools && { pools }) })
}
