import type { Reporter } from './reporter.ts'
import type { Range } from './source-text.ts'

/** What the service adds to every template (extensions.md §3). */
export type ServiceValue = 'github' | 'latest'

/** `what`: who else gives the name a value, such as `default`. Nothing is said of other names. */
export function warnHidden(what: 'default' | 'input' | 'value', name: string, range: Range, reporter: Reporter) {
  const names: readonly string[] = ['github', 'latest'] satisfies ServiceValue[]
  if (!names.includes(name)) return
  const message = `The ${what} "${name}" hides the service's own value of that name. Rename it to have both.`
  reporter.warning('template/hidden-value', range, message)
}
