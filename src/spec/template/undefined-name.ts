import { nearestWord } from '../suggestion.ts'
import type { TemplateValue } from '../types.ts'
import { Converter } from './convert.ts'
import type { Meter, Span } from './limits.ts'
import { undefinedValue, type Value } from './objects.ts'

/** The values given to the template, converted when first used, so that what a template changes in them stays changed. */
export class Names {
  readonly #values: Readonly<Record<string, TemplateValue>>
  readonly #converter: Converter
  readonly #converted = new Map<string, Value>()

  constructor(values: Readonly<Record<string, TemplateValue>>, meter: Meter) {
    this.#values = values
    this.#converter = new Converter(meter)
  }

  get(name: string): Value | undefined {
    const known = this.#converted.get(name)
    if (known !== undefined) return known
    const given = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined
    if (given === undefined) return undefined
    const value = this.#converter.convert(given)
    this.#converted.set(name, value)
    return value
  }

  known(): string[] {
    return Object.keys(this.#values)
  }
}

const tokens: ReadonlySet<string> = new Set(['output', 'uuid', 'workflow_id', 'input', 'host'])

export function undefinedName(name: string, span: Span, known: () => readonly string[]): Value {
  return undefinedValue(() => undefinedMessage(name, known), span)
}

/** Functions of Python's that Jinja has as filters or not at all. */
const pythonNames: Readonly<Record<string, string>> = {
  str: 'Write value|string',
  int: 'Write value|int',
  float: 'Write value|float',
  len: 'Write value|length',
  list: 'Write value|list',
  sorted: 'Write value|sort',
  reversed: 'Write value|reverse',
  sum: 'Write value|sum',
  min: 'Write value|min',
  max: 'Write value|max',
  abs: 'Write value|abs',
  round: 'Write value|round',
  map: 'Write value|map("…")',
  enumerate: 'Write {% for item in items %} and loop.index0',
  zip: 'Write {% for item in items %} and others[loop.index0]',
}

function undefinedMessage(name: string, known: () => readonly string[]): string {
  // Every short name is near every other.
  const near = name.length < 3 || Object.hasOwn(pythonNames, name) ? undefined : nearestWord(name, known())
  const advice = tokens.has(name)
    ? ` For OSMO's token write {{${name === 'input' || name === 'host' ? `${name}:…` : name}}} without blanks.`
    : near === undefined
      ? ` ${adviceFor(name)}`
      : ` Did you mean "${near}"?`
  return `Expected a name that has a value, and "${name}" is undefined.${advice}`
}

function adviceFor(name: string): string {
  const python = Object.hasOwn(pythonNames, name) ? pythonNames[name] : undefined
  if (python !== undefined) return `${python}: it is a function of Python's, which templates do not have.`
  return 'Add it to default-values, set it with --set, or put {% raw %} before and {% endraw %} behind text that only looks like Jinja.'
}
