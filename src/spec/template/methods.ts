import type { CallArguments, Machine, Value } from './objects.ts'
export type Method = (target: Value, given: CallArguments, machine: Machine) => Value
export function methodOf(_target: Value, _name: string): Method | undefined {
  return undefined
}
