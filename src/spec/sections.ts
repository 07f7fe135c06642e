import type { Reporter } from './reporter.ts'
import { suggest } from './suggestion.ts'

/** One section of a spec file: its text begins with its own key. */
export type Section = { readonly name: string; readonly text: string; readonly offset: number }

export type Sections = Partial<Record<SectionName, Section>>

export const sectionNames = ['version', 'workflow', 'default-values', 'on', 'concurrency', 'checkout', 'benchmarks'] as const
export type SectionName = (typeof sectionNames)[number]

/**
 * Cuts a file where a line begins with `word:` in column 0, before any YAML or template (osmo-spec.md §1.1).
 * Text above the first section is dropped, as upstream does. Of a section that stands twice the first is kept.
 */
export function readSections(text: string, reporter: Reporter): Sections {
  const sections: Sections = {}
  for (const section of cutSections(text)) keepSection(sections, section, reporter)
  if (sections.workflow === undefined) {
    const blank = /^workflow[ \t]+(?=:)/m.exec(text)
    const place = blank === null ? { start: 0, end: 0 } : { start: blank.index, end: blank.index + blank[0].length }
    const advice = blank === null ? 'add that section' : 'remove the blank before the colon'
    const message = `Workflow spec not found. Expected a line that begins with "workflow:" in column 1; ${advice}.`
    reporter.error('syntax/no-workflow', place, message)
  }
  return sections
}

export function cutSections(text: string): readonly Section[] {
  const starts = [...text.matchAll(/^([a-zA-Z][a-zA-Z0-9_-]*):/gm)].filter((match) => beginsLine(text, match.index))
  return starts.map((match, index) => {
    const end = starts[index + 1]?.index ?? text.length
    return { name: match[1] ?? '', text: text.slice(match.index, end), offset: match.index }
  })
}

/** JavaScript's `^` also matches after `\r`, U+2028 and U+2029; Python's only after `\n`. A byte-order mark is no text. */
function beginsLine(text: string, index: number): boolean {
  return index === 0 || text[index - 1] === '\n'
}

function keepSection(sections: Sections, section: Section, reporter: Reporter) {
  const range = { start: section.offset, end: section.offset + section.name.length }
  if (!isSectionName(section.name)) {
    const known = `Known are ${sectionNames.join(', ')}.`
    const hint = `${suggest(section.name, sectionNames)} Text inside a block has to be indented.`
    reporter.error('syntax/unknown-section', range, `Unknown top-level key "${section.name}" found in the workflow spec. ${known}${hint}`)
  } else if (sections[section.name] !== undefined) {
    const message = `Duplicate top-level key "${section.name}" found in the workflow spec. Join the two into one.`
    reporter.error('syntax/duplicate-section', range, message)
  } else {
    sections[section.name] = section
  }
}

function isSectionName(name: string): name is SectionName {
  return (sectionNames as readonly string[]).includes(name)
}
