import { typeFault } from './limits.ts'
import type { CallArguments, Machine, Value } from './objects.ts'
export const filters = {
  apply(name: string, value: Value, given: CallArguments, machine: Machine): Value {
    void given
    void machine
    void value
    return typeFault(name)
  },
}
