import type { Machine, Value } from './objects.ts'
import { printValue } from './printing.ts'

/** Any value as text; Markup stays Markup. */
export function soft(value: Value, machine: Machine): string {
  return printValue(value, machine.meter)
}

/** Pays for a text that is cut up. */
export function inPieces(text: string, { meter }: Machine): string {
  meter.pieces(text.length)
  return text
}

/** Counts a text that a filter has made. */
export function counted(text: string, machine: Machine): string {
  machine.meter.text(text.length)
  return text
}
