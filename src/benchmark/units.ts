/** How much one of each unit is in the first of its group. */
const groups: readonly Readonly<Record<string, number>>[] = [
  { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, sec: 1e9, seconds: 1e9, min: 60e9, h: 3600e9 },
  { B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 },
  { Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9 },
  { '%': 1 },
]

/**
 * What a number in `from` must be multiplied with to be in `to`. An unnamed unit is taken to be the other one, since most formats name none;
 * undefined when both are named and cannot be converted.
 */
export function unitFactor(from: string, to: string): number | undefined {
  if (from === to || from === '' || to === '') return 1
  const group = groups.find((units) => Object.hasOwn(units, from) && Object.hasOwn(units, to))
  return group && (group[from] ?? Number.NaN) / (group[to] ?? Number.NaN)
}

export function isTimeUnit(unit: string): boolean {
  return Object.hasOwn(groups[0] ?? {}, unit)
}

export function isSizeUnit(unit: string): boolean {
  return Object.hasOwn(groups[1] ?? {}, unit)
}
