import { compilePattern } from '../pattern.ts'
import { optional, present, record, withDefault } from '../shape/record.ts'
import { flag, number, oneOf, text, writtenText } from '../shape/scalars.ts'
import { listOf, type Place, type Shape } from '../shape/shape.ts'
import type { DispatchInput } from '../types.ts'
import { quote, type YamlNode } from '../yaml/node.ts'

const types = ['string', 'number', 'boolean', 'choice'] as const

const byType = {
  number: record({
    type: withDefault(oneOf(types, 'number'), 'number'),
    description: optional(text),
    default: optional(number),
    min: optional(number),
    max: optional(number),
  }),
  boolean: record({ type: withDefault(oneOf(types, 'boolean'), 'boolean'), description: optional(text), default: optional(flag) }),
  string: record({
    type: withDefault(oneOf(types, 'string'), 'string'),
    description: optional(text),
    default: optional(writtenText),
    pattern: optional(text),
    options: optional(listOf(writtenText)),
  }),
}

/** One input of `workflow_dispatch`. Only what passes may be rendered into YAML and shell (extensions.md §1). */
export const dispatchInputShape: Shape<DispatchInput> = {
  fallback: { type: 'string' },
  schema: { anyOf: [byType.number.schema, byType.boolean.schema, byType.string.schema] },
  read(node, place) {
    const type = typeOf(node)
    if (type === 'number') return readNumber(node, place)
    if (type === 'boolean') return { type, ...present({ default: byType.boolean.read(node, place).default }) }
    return readText(type, node, place)
  },
}

function typeOf(node: YamlNode): (typeof types)[number] {
  const type = node.kind === 'mapping' ? node.entries.find(({ key }) => key.text === 'type')?.value : undefined
  return types.find((word) => type?.kind === 'string' && type.value === word) ?? 'string'
}

function readNumber(node: YamlNode, place: Place): DispatchInput {
  const values = byType.number.read(node, place)
  const { default: value, min = -Infinity, max = Infinity } = values
  if (min > max) report(node, place, `"min" ${min} is above "max" ${max}`)
  if (value !== undefined && (value < min || value > max)) report(node, place, `the default ${value} is outside of "min" and "max"`)
  return { type: 'number', ...present({ default: value, min: values.min, max: values.max }) }
}

function readText(type: 'string' | 'choice', node: YamlNode, place: Place): DispatchInput {
  const { default: value, pattern, options } = byType.string.read(node, place)
  if (type === 'choice' || options !== undefined) {
    if (pattern !== undefined) report(node, place, '"options" and "pattern" exclude each other')
    if (options === undefined || options.length === 0) report(node, place, 'a choice needs "options"')
    if (value !== undefined && options !== undefined && !options.includes(value))
      report(node, place, `the default ${quote(value)} is not among the options`)
    return { type: 'choice', options: options ?? [], ...present({ default: value }) }
  }
  const compiled = pattern === undefined ? undefined : compilePattern(pattern, place.patterns)
  if (compiled?.kind === 'refused') {
    const code = compiled.code === 'limit/regex' ? compiled.code : 'semantic/dispatch-input'
    report(node, place, `the pattern ${quote(pattern ?? '')} cannot be used: ${compiled.reason}`, code)
  }
  const accepted = compiled?.kind === 'compiled' ? compiled.pattern.matchesWhole(value ?? '') : isSafeText(value ?? 'x')
  if (value !== undefined && compiled?.kind !== 'refused' && !accepted)
    report(node, place, `the default ${quote(value)} does not match the pattern`)
  return { type: 'string', ...present({ default: value, pattern }) }
}

/** What a string without a pattern may be: nothing that means something to YAML, a shell or an option parser. */
export function isSafeText(value: string): boolean {
  return value.length <= 256 && /^(?:[A-Za-z0-9._/](?:[A-Za-z0-9._/:@+-]*[A-Za-z0-9._/@+-])?)?$/.test(value)
}

function report(node: YamlNode, place: Place, fault: string, code = 'semantic/dispatch-input') {
  place.reporter.error(code, node.range, `Expected a usable input at ${place.path}, but ${fault}. Correct it.`)
}
