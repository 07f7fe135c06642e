import { parseFloatText, parseInteger } from './template/number-parsing.ts'
import type { TemplateValue } from './types.ts'

/** The value of `--set NAME=TEXT`, as OSMO reads it: Python's `int()`, else its `float()`, else the text (osmo-spec.md §2.1). */
export function readSetValue(text: string): TemplateValue {
  const integer = parseInteger(text, 10)
  if (integer !== undefined) return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer
  const float = parseFloatText(text)
  return float === undefined ? text : { float }
}
