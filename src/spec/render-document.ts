import type { Reporter } from './reporter.ts'
import type { Section, Sections } from './sections.ts'
import type { Range } from './source-text.ts'
import { renderTemplate } from './template/render.ts'
import { templateValues } from './template-values.ts'
import type { SpecOptions } from './types.ts'
import type { Origin } from './yaml/dialect.ts'
import { loadMended } from './yaml/mend.ts'
import { describe, type YamlNode } from './yaml/node.ts'
import { loadPyYaml } from './yaml/pyyaml.ts'

export type RenderedDocument = {
  readonly text: string
  /** The whole rendered section: a mapping with the key `workflow`. */
  readonly node: YamlNode
  readonly workflow: YamlNode | undefined
  /** Where values were no YAML, which is reported; the document is what is left. */
  readonly refused: readonly Range[]
}

/** Renders the `workflow` section with the file's and the caller's values and loads it; faults are reported. */
export function loadDocument(sections: Sections, options: SpecOptions, reporter: Reporter): RenderedDocument | undefined {
  const section = sections.workflow
  if (section === undefined) return undefined
  const { values, defaults, unset } = templateValues(sections, section, options, reporter)
  const rendered = renderTemplate(section.text, values)
  if (rendered.kind === 'failed') {
    for (const fault of rendered.faults) {
      if (defaults === 'partial' && fault.code === 'template/undefined') continue
      const range = { start: fault.offset + section.offset, end: Math.max(fault.endOffset, fault.offset + 1) + section.offset }
      const name = section.text.slice(fault.offset, fault.endOffset)
      reporter.error(fault.code, range, fault.code === 'template/undefined' && unset.has(name) ? withoutDefault(name) : fault.message)
    }
    return undefined
  }
  return loadRendered(rendered, section, reporter)
}

/** Every push and pull request renders every spec, so that its faults are known before anybody runs it. */
function withoutDefault(name: string): string {
  return `Expected a name that has a value, and "${name}" is an input of "on.workflow_dispatch" without a default, which has one only in a run that is given it. Add a default there, or to default-values, or ask "${name} is defined" first.`
}

type Rendered = Extract<ReturnType<typeof renderTemplate>, { kind: 'rendered' }>

function loadRendered({ text, map }: Rendered, section: Section, reporter: Reporter): RenderedDocument | undefined {
  const origin: Origin = (from, to) => {
    const { start, end } = map.sourceSpan(from, to)
    return { start: start + section.offset, end: end + section.offset }
  }
  const mended = loadMended(text, loadPyYaml, origin, reporter)
  if (mended === undefined) return undefined
  const { node, refused } = mended
  if (node.kind !== 'mapping') {
    reporter.error(
      'syntax/section',
      headOf(section),
      `Expected "workflow:" with a mapping below it, but it is ${describe(node)}. Put a blank behind the colon.`,
    )
    return undefined
  }
  let workflow: YamlNode | undefined
  for (const { key, value } of node.entries) {
    if (key.text === 'workflow') workflow = value
    else
      reporter.error(
        'syntax/unknown-section',
        key.range,
        `Unknown top-level key "${key.text}" found in the workflow spec. Indent it below "workflow:", or remove it.`,
      )
  }
  return { text, node, workflow, refused }
}

function headOf(section: Section) {
  return { start: section.offset, end: section.offset + section.name.length }
}
