import { createPatternShelf } from '../pattern.ts'
import type { Reporter } from '../reporter.ts'
import type { Section } from '../sections.ts'
import type { Shape } from '../shape/shape.ts'
import { loadCoreYaml } from '../yaml/core.ts'
import type { Origin } from '../yaml/dialect.ts'
import { loadMended, withoutRefused } from '../yaml/mend.ts'

/** A section of ours is a document of its own with one key: YAML 1.2 core, never rendered. */
export function readGitSection<T>(section: Section | undefined, shape: Shape<T>, reporter: Reporter): T | undefined {
  if (section === undefined) return undefined
  const origin: Origin = (start, end) => ({ start: start + section.offset, end: end + section.offset })
  const { node, refused } = loadMended(section.text, loadCoreYaml, origin, reporter) ?? { node: undefined, refused: [] }
  const entry = node?.kind === 'mapping' ? node.entries.find(({ key }) => key.text === section.name) : undefined
  if (node === undefined) return undefined
  if (entry === undefined || node.kind !== 'mapping') {
    const range = { start: section.offset, end: section.offset + section.name.length }
    reporter.error('syntax/section', range, `Expected "${section.name}:" with a blank or a line break behind the colon. Add it.`)
    return undefined
  }
  for (const other of node.entries) if (other !== entry) reportStray(other.key.text, other.key.range, section.name, reporter)
  return shape.read(entry.value, { path: section.name, reporter: withoutRefused(reporter, refused), patterns: createPatternShelf() })
}

function reportStray(key: string, range: { start: number; end: number }, section: string, reporter: Reporter) {
  reporter.error('syntax/section', range, `Expected only "${section}" in its section, but there is also "${key}". Indent it, or remove it.`)
}
