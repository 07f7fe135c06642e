import { typeFault } from './limits.ts'
import { type CallArguments, isUndefined, type Machine, type Value } from './objects.ts'
export const tests = {
  apply(name: string, value: Value, _given: CallArguments, _machine: Machine): boolean {
    return name === 'defined' ? !isUndefined(value) : typeFault(name)
  },
}
