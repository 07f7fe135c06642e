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

function undefinedMessage(name: string, known: () => readonly string[]): string {
  // Every short name is near every other.
  const near = name.length < 3 ? undefined : nearestWord(name, known())
  const advice = tokens.has(name)
    ? ` For OSMO's token write {{${name === 'input' || name === 'host' ? `${name}:…` : name}}} without blanks.`
    : near === undefined
      ? ' Add it to default-values, or set it with --set.'
      : ` Did you mean "${near}"?`
  return `Expected a name that has a value, and "${name}" is undefined.${advice}`
}
