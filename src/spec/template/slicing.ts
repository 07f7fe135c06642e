import { characters } from './lengths.ts'
import { type Meter, typeFault, valueFault } from './limits.ts'
import { isObject, list, type Range, textOf, tuple, type Value } from './objects.ts'
import { asInteger, describeValue, failUndefined, typeName } from './values.ts'

/** `target[from:to:step]`. */
export function slice(target: Value, bounds: readonly [Value, Value, Value], meter: Meter): Value {
  const text = textOf(target)
  if (text !== undefined) {
    const all = characters(text, meter)
    meter.text(text.length)
    const picked = cutText(all, indices(bounds, all.length), meter)
    return typeof target === 'string' ? picked : { kind: 'markup', text: picked }
  }
  if (isObject(target)) {
    if (target.kind === 'undefined') return failUndefined(target)
    if (target.kind === 'range') return sliceRange(target, indices(bounds, target.length))
    if (target.kind === 'list' || target.kind === 'tuple') return sliceItems(target, bounds, meter)
  }
  return typeFault(
    `Expected text or a list to cut a part from, got ${describeValue(target)} ('${typeName(target)}' object cannot be sliced).`,
  )
}

function sliceItems(target: Extract<Value, { kind: 'list' | 'tuple' }>, bounds: readonly [Value, Value, Value], meter: Meter): Value {
  const picked = pick(target.items, indices(bounds, target.items.length))
  meter.items(picked.length)
  return target.kind === 'list' ? list(picked) : tuple(picked)
}

type Indices = { readonly start: number; readonly stop: number; readonly step: number; readonly count: number }

function pick<T>(items: { readonly length: number; readonly [index: number]: T }, { start, step, count }: Indices): T[] {
  return Array.from({ length: count }, (_, index) => items[start + index * step] as T)
}

function cutText(all: readonly string[] | string, found: Indices, meter: Meter): string {
  const { start, step, count } = found
  if (step === 1 && typeof all === 'string') return all.slice(start, start + count)
  meter.pieces(count)
  return pick(all, found).join('')
}

function sliceRange(range: Range, { start, stop, step, count }: Indices): Range {
  const first = range.start + BigInt(start) * range.step
  const last = range.start + BigInt(stop) * range.step
  return { kind: 'range', start: first, stop: last, step: range.step * BigInt(step), length: count }
}

/** Python's `slice.indices`. */
function indices(bounds: readonly [Value, Value, Value], length: number): Indices {
  const step = clamp(bound(bounds[2]) ?? 1n, 2n ** 31n)
  if (step === 0) valueFault('Expected a slice step that is not zero. Use 1 or -1.')
  const from = bound(bounds[0])
  const to = bound(bounds[1])
  const low = step > 0 ? 0 : -1
  const high = step > 0 ? length : length - 1
  const start = from === undefined ? (step > 0 ? low : high) : position(from, length, low, high)
  const stop = to === undefined ? (step > 0 ? high : low) : position(to, length, low, high)
  const count = step > 0 ? Math.ceil((stop - start) / step) : Math.ceil((start - stop) / -step)
  return { start, stop, step, count: Math.max(0, count) }
}

function bound(value: Value): bigint | undefined {
  if (value === null) return undefined
  if (isObject(value) && value.kind === 'undefined') return failUndefined(value)
  return asInteger(value) ?? typeFault(`Expected integers in a slice, got ${describeValue(value)}. Convert it with |int.`)
}

function position(value: bigint, length: number, low: number, high: number): number {
  const absolute = clamp(value < 0n ? value + BigInt(length) : value, 2n ** 40n)
  return Math.min(Math.max(absolute, low), high)
}

function clamp(value: bigint, limit: bigint): number {
  return Number(value > limit ? limit : value < -limit ? -limit : value)
}
