import type { Meter } from './limits.ts'
import { isObject, type Value } from './objects.ts'
import { printValue } from './printing.ts'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#39;', '"': '&#34;' }

/** MarkupSafe's `escape`: text that is Markup already stays. */
export function escapeMarkup(value: Value, meter: Meter): string {
  if (isObject(value) && value.kind === 'markup') return value.text
  const text = printValue(value, meter)
  meter.scan(text.length)
  return text.replaceAll(/[&<>'"]/g, (character) => entities[character] ?? character)
}
