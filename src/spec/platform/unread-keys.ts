import { optional } from '../shape/record.ts'

/** A key of OSMO's that this service does not read: accepted, so that a file can be shared, and said. */
const unread = optional<undefined>({
  fallback: undefined,
  schema: {},
  read(node, place) {
    place.reporter.warning('schema/ignored-key', node.range, `${place.path} is OSMO's, but this service does not use it.`)
    return undefined
  },
})

/** Fields of a record. */
export function unreadKeys<const K extends string>(...names: readonly K[]): { readonly [N in K]: typeof unread } {
  return Object.fromEntries(names.map((name) => [name, unread])) as { readonly [N in K]: typeof unread }
}
