import type { TemplateValue } from '../types.ts'
import { execute } from './execute.ts'
import { defaultLimits, Meter, maximumFaults, type RenderLimits, TemplateFailure, type TemplateFault } from './limits.ts'
import { parseTemplate } from './parser.ts'
import type { SourceMap } from './source-map.ts'
import { Names } from './undefined-name.ts'

export type RenderResult =
  | { readonly kind: 'rendered'; readonly text: string; readonly map: SourceMap }
  | { readonly kind: 'failed'; readonly faults: readonly TemplateFault[] }

/**
 * Renders a template as Jinja2 3.1 does with `SandboxedEnvironment(undefined=StrictUndefined)`, after shielding OSMO's tokens.
 *
 * Never throws, and gives the same result for the same arguments on every machine: there is no clock and no randomness, and limits are counted.
 *
 * @param source the text, at most `limits.sourceBytes`.
 * @param values what names mean.
 * @returns the text with a map back to `source`, or all faults that were found, in the order of the source.
 */
export function renderTemplate(
  source: string,
  values: Readonly<Record<string, TemplateValue>>,
  limits: RenderLimits = defaultLimits,
): RenderResult {
  const bytes = Buffer.byteLength(source)
  if (bytes > limits.sourceBytes) return failed([tooLong(bytes, limits)])
  try {
    return render(source, values, limits)
  } catch (error) {
    if (error instanceof RangeError) return failed([tooDeep(source)])
    if (error instanceof TemplateFailure) return failed([{ code: error.code, offset: 0, endOffset: source.length, message: error.message }])
    throw error
  }
}

function render(source: string, values: Readonly<Record<string, TemplateValue>>, limits: RenderLimits): RenderResult {
  const template = parseTemplate(source, limits)
  const meter = new Meter(limits)
  const { output, faults: inUse } = execute(template, new Names(values, meter), meter)
  const faults = withoutTwins([
    ...template.faults.map(({ start, end, ...fault }) => ({ ...fault, offset: start, endOffset: end })),
    ...inUse,
  ])
  return faults.length > 0 ? failed(faults) : { kind: 'rendered', text: output.text(), map: output.map() }
}

/** A filter that there is not is found when the template is read, and again when it is used. */
function withoutTwins(faults: readonly TemplateFault[]): readonly TemplateFault[] {
  const known = new Map(faults.map((fault) => [`${fault.code} ${fault.offset} ${fault.endOffset}`, fault]))
  return [...known.values()].slice(0, maximumFaults)
}

function failed(faults: readonly TemplateFault[]): RenderResult {
  return { kind: 'failed', faults: faults.toSorted((left, right) => left.offset - right.offset) }
}

function tooLong(bytes: number, limits: RenderLimits): TemplateFault {
  const message = `Expected a template of at most ${limits.sourceBytes} bytes, got ${bytes}. Move large texts into files and use localpath.`
  return { code: 'limit/template-source', offset: 0, endOffset: 0, message }
}

/** The counted depth ends first on a stack of usual size; a caller on a nearly full stack still gets an answer. */
function tooDeep(source: string): TemplateFault {
  return {
    code: 'limit/template-depth',
    offset: 0,
    endOffset: source.length,
    message: 'Expected less nesting, and the stack is full. Split the expressions.',
  }
}
