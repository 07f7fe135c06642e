import { createHash } from 'node:crypto'
import pg from 'pg'

/**
 * A connection that has PostgreSQL parse and plan a statement once, and run it by name afterwards: planning our joins takes longer than
 * running them. Statements of varying length (`values (…), (…)`) stay unnamed, since each length would be kept for ever.
 */
export class PreparingClient extends pg.Client {
  // The library's own overloads are many; all of them end in what `pg.Client` does.
  override query(config: unknown, ...rest: unknown[]): never {
    const query = super.query as (config: unknown, ...rest: unknown[]) => never
    const [values, ...others] = rest
    return typeof config === 'string' && Array.isArray(values)
      ? query.call(this, { name: nameOf(config, values.length), text: config, values }, ...others)
      : query.call(this, config, ...rest)
  }
}

/** The longest list of parameters that a statement of fixed length has here. */
const maxParameters = 24
/** Statements that a connection keeps. More texts than the program has would be made of data, and those are not kept. */
const maxNames = 500
const names = new Map<string, string>()

function nameOf(text: string, parameters: number): string | undefined {
  const known = names.get(text)
  if (known !== undefined || names.size >= maxNames || parameters > maxParameters) return known
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32)
  names.set(text, name)
  return name
}
