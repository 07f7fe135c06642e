import { type Meter, typeFault } from './limits.ts'
import type { Value } from './objects.ts'
export function formatPercent(_format: Value, _value: Value, _meter: Meter): Value {
  return typeFault('not there')
}
