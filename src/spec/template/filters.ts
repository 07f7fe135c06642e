import { Registry } from './builtin.ts'
import { choosingFilters } from './choosing-filters.ts'
import { markupFilters } from './markup-filters.ts'
import { numberFilters } from './number-filters.ts'
import type { Value } from './objects.ts'
import { sequenceFilters } from './sequence-filters.ts'
import { textFilters } from './text-filters.ts'

/** Jinja's own filters. */
export const filters = new Registry<Value>('filter', [
  ...textFilters,
  ...markupFilters,
  ...numberFilters,
  ...sequenceFilters,
  ...choosingFilters,
])
