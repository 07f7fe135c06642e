const bytesPerUnit: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  m: 1e-3,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
}

export type Quantity =
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'invalid-value' }
  | { readonly kind: 'invalid-unit'; readonly unit: string }

/**
 * Bytes of `16Gi`, rounded up. `G`, `Gi` and `GiB` are the same, powers of 1024, as upstream (osmo-spec.md §1.5).
 * `m` is Kubernetes' thousandth.
 */
export function parseQuantity(text: string): Quantity {
  const match = text.length > 64 ? null : /^([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)$/.exec(text)
  if (match === null) return { kind: 'invalid-value' }
  const unit = match[2] ?? ''
  const factor = bytesPerUnit[/^[KMGT]i?B?$/.test(unit) && !/^[KMGT]B$/.test(unit) ? unit.slice(0, 1) : unit]
  if (factor === undefined) return { kind: 'invalid-unit', unit }
  const bytes = Math.ceil(Number(match[1]) * factor)
  return Number.isSafeInteger(bytes) ? { kind: 'bytes', bytes } : { kind: 'invalid-value' }
}

export const quantityUnits = 'T, Ti, TiB, G, Gi, GiB, M, Mi, MiB, K, Ki, KiB, B, m'
