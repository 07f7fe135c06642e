import { realpath } from 'node:fs/promises'
import pg from 'pg'

export type Connection = { readonly host: string; readonly port: number; readonly user: string; readonly database: string }

/** `not-yet`: nobody listens, or it is still starting. Throws when the socket belongs to the server of another directory. */
export async function answers(connection: Connection, data: string): Promise<'yes' | 'not-yet'> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 5000, query_timeout: 5000 })
  // Without a listener a connection that breaks between two calls would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ directory: string }>(`select current_setting('data_directory') as directory`)
    await expectSame(rows[0]?.directory ?? '', data)
    return 'yes'
  } catch (error) {
    if (error instanceof ForeignServer) throw error
    return 'not-yet'
  } finally {
    await client.end().catch(() => undefined)
  }
}

class ForeignServer extends Error {
  override readonly name = 'ForeignServer'
}

async function expectSame(served: string, data: string): Promise<void> {
  const wanted = await realpath(data)
  if (served === data || served === wanted) return
  throw new ForeignServer(`Expected PostgreSQL for ${data} behind our socket, found one for ${served}: stop that one first`)
}
