import { optional, present, record, withDefault } from '../shape/record.ts'
import { flag, integerBetween, writtenText } from '../shape/scalars.ts'
import { at, type Located, listOf, located, mapped, type Place, type Shape } from '../shape/shape.ts'
import type { Range } from '../source-text.ts'
import type { Checkout } from '../types.ts'
import { quote, type YamlNode } from '../yaml/node.ts'
import { warnOfNone } from './globs-shape.ts'

/** Depth beyond this is a clone of everything. */
const maximumHistory = 100_000

const repositoryPath: Shape<string> = mapped(
  writtenText,
  (path, node, place) => {
    const parts = path.replace(/\/$/, '').split('/')
    if (node.kind === 'mapping' || node.kind === 'sequence' || node.kind === 'null') return path
    if (path !== '' && !parts.some((part) => part === '' || part === '..' || part === '.')) return parts.join('/')
    const message = `Expected a path inside the repository, such as policy/nets, for ${place.path}, but it is ${quote(path)}. Write it from the root, without "." and "..".`
    place.reporter.error('schema/path', node.range, message)
    return ''
  },
  '',
)

const fields = record({
  tasks: optional(listOf(located(writtenText))),
  paths: optional(listOf(repositoryPath)),
  lfs: withDefault(flag, false),
  submodules: withDefault(flag, false),
  history: withDefault(integerBetween(0, maximumHistory), 0),
})

export type ReadCheckout = {
  readonly checkout: Checkout
  readonly tasks: readonly Located<string>[]
  /** Where its keys stand. */
  readonly keys: Readonly<Partial<Record<keyof Checkout, Range>>>
}

const everything: ReadCheckout = { checkout: { lfs: false, submodules: false, history: 0 }, tasks: [], keys: {} }

/** `checkout`: true, false, or a mapping. False is the same as no section. */
export const checkoutShape: Shape<ReadCheckout | undefined> = {
  fallback: undefined,
  schema: { anyOf: [{ type: 'boolean' }, fields.schema] },
  read(node, place) {
    if (node.kind === 'boolean') return node.value ? everything : undefined
    warnOfNoTasks(node, place)
    const { tasks, paths, lfs, submodules, history } = fields.read(node, place)
    const checkout = { lfs, submodules, history, ...present({ tasks: tasks?.map((task) => task.value), paths }) }
    return { checkout, tasks: tasks ?? [], keys: keysOf(node) }
  },
}

function warnOfNoTasks(node: YamlNode, place: Place): void {
  const tasks = node.kind === 'mapping' ? node.entries.find(({ key }) => key.text === 'tasks')?.value : undefined
  if (tasks?.kind === 'sequence' && tasks.items.length === 0) warnOfNone(tasks, at(place, 'tasks'))
}

const keysOf = (node: YamlNode): ReadCheckout['keys'] =>
  node.kind === 'mapping' ? Object.fromEntries(node.entries.map(({ key }) => [key.text, key.range])) : {}
