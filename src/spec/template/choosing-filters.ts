import { attributeGetter } from './attribute-path.ts'
import { type Builtin, builtin } from './builtin.ts'
import { each } from './iteration.ts'
import { typeFault } from './limits.ts'
import { demandText } from './method-table.ts'
import { type CallArguments, generator, type Machine, type Value } from './objects.ts'
import { isTrue } from './values.ts'

type Filter = Builtin<Value>

function* mapped(value: Value, given: CallArguments, machine: Machine): Generator<Value> {
  if (!isTrue(value)) return
  const change = mapper(given, machine)
  for (const item of each(value, machine)) yield change(item)
}

function mapper(given: CallArguments, machine: Machine): (item: Value) => Value {
  const attribute = given.named.get('attribute')
  const [name, ...positional] = given.positional
  const other = [...given.named.keys()].find((key) => key !== 'attribute' && key !== 'default')
  if (name === undefined && attribute !== undefined && other !== undefined)
    return typeFault(`Expected only attribute= and default= for the filter "map", got "${other}". Remove it.`)
  if (name === undefined && attribute !== undefined) return attributeGetter(attribute, given.named.get('default'), machine)
  if (name === undefined) return typeFault('Expected the name of a filter or attribute= for the filter "map", as in map("upper").')
  const filter = demandText(name)
  return (item) => machine.applyFilter(filter, item, { positional, named: given.named })
}

type Wanted = 'true' | 'false'
type Subject = 'item' | 'attribute'

function* chosen(value: Value, wanted: Wanted, subject: Subject, given: CallArguments, machine: Machine): Generator<Value> {
  if (!isTrue(value)) return
  const answer = chooser(subject, given, machine)
  for (const item of each(value, machine)) if (answer(item) === (wanted === 'true')) yield item
}

function chooser(subject: Subject, given: CallArguments, machine: Machine): (item: Value) => boolean {
  const [attribute, ...behind] = given.positional
  if (subject === 'attribute' && attribute === undefined)
    return typeFault('Expected the name of an attribute for this filter, as in selectattr("gpu").')
  const read = attributeGetter(subject === 'attribute' ? attribute : undefined, undefined, machine)
  const [test, ...positional] = subject === 'attribute' ? behind : given.positional
  if (test === undefined) return (item) => isTrue(read(item))
  const name = demandText(test)
  return (item) => machine.applyTest(name, read(item), { positional, named: given.named })
}

function choosing(name: string, wanted: Wanted, subject: Subject): Filter {
  return builtin(name, '*', (value, _, machine, given) => generator(name, chosen(value, wanted, subject, given, machine)), 'accepted')
}

/** Filters that ask or change each item by another filter, a test or an attribute. */
export const choosingFilters: readonly Filter[] = [
  builtin('map', '*', (value, _, machine, given) => generator('map', mapped(value, given, machine)), 'accepted'),
  choosing('select', 'true', 'item'),
  choosing('reject', 'false', 'item'),
  choosing('selectattr', 'true', 'attribute'),
  choosing('rejectattr', 'false', 'attribute'),
]
