import { isDeepStrictEqual } from 'node:util'
import { dispatchDefaults } from './dispatch.ts'
import { type Directories, expandDirectories, expandInSource } from './export-directories.ts'
import { reportTokensInTags, withTokensOutsideRaw } from './export-tokens.ts'
import { locateSpec, renderSpec } from './parse-spec.ts'
import { createReporter } from './reporter.ts'
import { cutSections, type Section } from './sections.ts'
import { sourceOf } from './source-text.ts'
import { namesIn } from './template/lexer.ts'
import { type Defaults, dispatchTriggers, loadDefaults, serviceValues } from './template-values.ts'
import type { Diagnostic, SpecOptions, TemplateValue } from './types.ts'
import { keyText, toTemplateValue } from './yaml/plain-data.ts'
import { writeYaml } from './yaml/write.ts'

export type ExportOptions = SpecOptions & { readonly directories: Directories }

export type ExportResult =
  | { readonly kind: 'exported'; readonly text: string; readonly warnings: readonly Diagnostic[] }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }

const osmoSections = ['version', 'workflow', 'default-values']

/**
 * A spec as pure OSMO: our four sections dropped, the values that came from outside of the file written into `default-values`, directories
 * written out as their files. Templates stay; only where a template decides which directory it is, or what stands around it cannot be copied,
 * the `workflow` section is the rendered document. Never throws.
 */
export function exportSpec(text: string, options: ExportOptions): ExportResult {
  const located = locateSpec(text, options)
  if (located.kind === 'invalid') return located
  const source = sourceOf(text)
  const expanded = located.places.localpaths.some(({ localpath }) => Object.hasOwn(options.directories, localpath))
  const exported = expanded ? withFilesOfDirectories(source, options) : withValues(source, options)
  return { kind: 'exported', text: exported, warnings: [...located.warnings, ...tokenWarnings(source, options.file)] }
}

function tokenWarnings(source: string, file: string): readonly Diagnostic[] {
  const reporter = createReporter(file, source)
  const workflow = cutSections(source).find(({ name }) => name === 'workflow')
  if (workflow !== undefined) reportTokensInTags(workflow, reporter)
  return reporter.diagnostics()
}

function withFilesOfDirectories(source: string, options: ExportOptions): string {
  const rendered = renderSpec(source, options)
  if (rendered.kind === 'invalid') return source
  const document = expandDirectories(rendered.document, options.directories)
  const inPlace = withValues(expandInSource(source, options.directories, options), options)
  const again = renderSpec(inPlace, { file: options.file })
  if (again.kind === 'rendered' && isDeepStrictEqual(again.document, document)) return inPlace
  // A template loses its last line break, and with it a block of text at the end loses its own: a comment takes the loss.
  return `${headerOf(source)}${escapeTemplate(writeYaml(document))}# Rendered, because OSMO knows no directories as localpath.\n`
}

/** What would open a tag of Jinja and is no token is printed by an expression; an end without a beginning is text to Jinja too. */
function escapeTemplate(text: string): string {
  return text.replaceAll(/\{\{(?:uuid|workflow_id|output|(?:input|host):[^{}]+)\}\}|\{[{%#]/g, (found) =>
    found.length > 2 ? found : `{{ '${found}' }}`,
  )
}

function withValues(source: string, options: ExportOptions): string {
  const sections = cutSections(source)
  const workflow = sections.find(({ name }) => name === 'workflow')
  const defaults = sections.find(({ name }) => name === 'default-values')
  if (workflow === undefined) return source
  const declared = defaults === undefined ? undefined : loadDefaults(defaults, createReporter(options.file, source))
  const dispatched = dispatchDefaults(dispatchTriggers(sections.find(({ name }) => name === 'on')))
  const given = { ...options.values, ...dispatched, ...options.given }
  const values = valuesFromOutside(workflow, declared, { ...options, given })
  const textOf = (section: Section) => (section === workflow ? withTokensOutsideRaw(section.text) : section.text)
  if (values.size === 0) return keptText(source, sections, textOf)
  const withDefaults = defaultsText(defaults, declared, values, source)
  return keptText(source, sections, (section) => {
    if (section === defaults) return withDefaults
    return section === workflow && defaults === undefined ? withDefaults + textOf(section) : textOf(section)
  })
}

/** Values that the workflow's text speaks of and the file does not have, or has otherwise. */
function valuesFromOutside(workflow: Section, declared: Defaults | undefined, options: SpecOptions): ReadonlyMap<string, TemplateValue> {
  const own = new Set((declared?.entries ?? []).map(({ key }) => keyText(key)))
  const service = Object.entries(serviceValues(workflow, options)).filter(([name]) => !own.has(name))
  const spokenOf = namesIn(workflow.text)
  return new Map([...service, ...Object.entries(options.given ?? {})].filter(([name]) => spokenOf.has(name)))
}

/** The section with the new values first; rewritten as a whole where a value replaces the file's own, or where it is no block. */
function defaultsText(
  defaults: Section | undefined,
  declared: Defaults | undefined,
  values: ReadonlyMap<string, TemplateValue>,
  source: string,
): string {
  const first = declared?.entries[0]?.key.range.start
  const margin = first === undefined ? undefined : /\n( +)$/.exec(source.slice(0, first))?.[1]
  const replaces = declared?.entries.some(({ key }) => values.has(keyText(key)))
  if (defaults === undefined || declared === undefined || first === undefined || margin === undefined || replaces) {
    const all = new Map<TemplateValue, TemplateValue>([...own(declared), ...values])
    return writeYaml(new Map([['default-values', all]]))
  }
  const added = writeYaml(new Map(values))
    .replaceAll(/^(?=.)/gm, margin)
    .trimStart()
  const at = first - defaults.offset
  return `${defaults.text.slice(0, at)}${added}${margin}${defaults.text.slice(at)}`
}

function own(declared: Defaults | undefined): readonly (readonly [string, TemplateValue])[] {
  return (declared?.entries ?? []).map(({ key, value }) => [keyText(key), toTemplateValue(value)])
}

/** The file without our sections. Comments above a section belong to it, and stay when it does. */
function keptText(source: string, sections: readonly Section[], textOf: (section: Section) => string): string {
  const kept = sections.map((section, index) => {
    const next = sections[index + 1]
    if (osmoSections.includes(section.name)) return textOf(section)
    return next !== undefined && osmoSections.includes(next.name) ? commentsAtEnd(section.text) : ''
  })
  return headerOf(source) + kept.join('')
}

function headerOf(source: string): string {
  return source.slice(0, cutSections(source)[0]?.offset ?? 0)
}

function commentsAtEnd(text: string): string {
  const lines = text.split('\n').slice(0, -1)
  const before = lines.findLastIndex((line) => line.trim() !== '' && !line.startsWith('#'))
  const comments = lines.slice(before + 1).map((line) => `${line}\n`)
  return comments.join('').trimStart()
}
