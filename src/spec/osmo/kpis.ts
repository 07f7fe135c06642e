import { coercedText } from '../shape/python-scalars.ts'
import { record, required } from '../shape/record.ts'
import { listOf, located, mapped, type Shape } from '../shape/shape.ts'
import type { TaskSpec } from '../types.ts'
import { quote } from '../yaml/node.ts'

/** `kpis` of a task. Upstream takes an index twice; each is a benchmark here, and only one can have the name. */
export const kpisShape: Shape<TaskSpec['kpis']> = mapped(
  listOf(record({ index: required(located(coercedText)), path: required(coercedText) })),
  (kpis, _node, place) => {
    const seen = new Set<string>()
    for (const { index } of kpis) {
      if (seen.has(index.value)) {
        const message = `Expected each index once in ${place.path}, but ${quote(index.value)} stands here a second time, and two benchmarks would have one name. Give this one an index of its own.`
        place.reporter.warning('semantic/duplicate-benchmark', index.range, message)
      }
      if (index.value !== '') seen.add(index.value)
    }
    return kpis.map(({ index, path }) => ({ index: index.value, path }))
  },
  [],
)
