import { DatabaseSync, type StatementSync } from 'node:sqlite'

export type Row = { readonly id: number }

/** Rows of one kind, all in memory, each change written through to the database. Rows are never changed in place. */
export type Collection<T extends Row> = {
  get(id: number): T | undefined
  all(): IterableIterator<T>
  find(matches: (row: T) => boolean): T | undefined
  filter(matches: (row: T) => boolean): T[]
  put(row: T): T
  delete(id: number): void
}

export type Store = {
  collection<T extends Row>(kind: string): Collection<T>
  /** Never hands out a number twice, also after a restart. */
  nextId(): number
  /** All changes made by `change` are kept, or none. Calls inside one another join. */
  transaction<T>(change: () => T): T
  /** Grows with each change, so that a reader can see whether anything moved. */
  version(): number
  close(): void
}

/** Opens the database file, creating it when missing. A killed process loses nothing that was committed. */
export function openStore(file: string): Store {
  const database = openDatabase(file)
  const writer = new Writer(database)
  return {
    collection: (kind) => openCollection(database, writer, kind),
    nextId: () => nextId(database),
    transaction: (change) => writer.transaction(change),
    version: () => writer.version,
    close: () => database.close(),
  }
}

/** The lock is exclusive because rows live in memory: a second process would not see what the first one writes. */
function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file)
  try {
    database.exec('pragma busy_timeout = 1000; pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = normal')
    database.exec('create table if not exists row (kind text, id integer, json text not null, primary key (kind, id)) without rowid')
    return database
  } catch (error) {
    database.close()
    throw new Error(`expected to be the only one who uses ${file}; is another twin running on this directory?`, { cause: error })
  }
}

function nextId(database: DatabaseSync): number {
  database.exec(`insert into row values ('sequence', 0, '1000') on conflict do update set json = cast(json as integer) + 1`)
  return Number(database.prepare(`select json from row where kind = 'sequence'`).get()?.json)
}

class Writer {
  version = 0
  private depth = 0
  private undo: (() => void)[] = []
  private readonly database: DatabaseSync
  private readonly upsert: StatementSync
  private readonly remove: StatementSync

  constructor(database: DatabaseSync) {
    this.database = database
    this.upsert = database.prepare('insert into row values (?, ?, ?) on conflict do update set json = excluded.json')
    this.remove = database.prepare('delete from row where kind = ? and id = ?')
  }

  write(kind: string, id: number, row: Row | undefined, undo: () => void): void {
    this.version++
    if (this.depth > 0) this.undo.push(undo)
    if (row === undefined) this.remove.run(kind, id)
    else this.upsert.run(kind, id, JSON.stringify(row))
  }

  transaction<T>(change: () => T): T {
    if (this.depth > 0) return change()
    this.database.exec('begin immediate')
    this.depth++
    try {
      const result = change()
      this.database.exec('commit')
      return result
    } catch (error) {
      for (const step of this.undo.reverse()) step()
      this.database.exec('rollback')
      throw error
    } finally {
      this.depth--
      this.undo = []
    }
  }
}

function openCollection<T extends Row>(database: DatabaseSync, writer: Writer, kind: string): Collection<T> {
  const rows = new Map<number, T>()
  for (const found of database.prepare('select id, json from row where kind = ? order by id').all(kind)) {
    rows.set(Number(found.id), JSON.parse(String(found.json)))
  }
  const restore = (id: number, before: T | undefined) => () => (before === undefined ? rows.delete(id) : rows.set(id, before))
  return {
    get: (id) => rows.get(id),
    all: () => rows.values(),
    find: (matches) => rows.values().find(matches),
    filter: (matches) => rows.values().filter(matches).toArray(),
    put(row) {
      writer.write(kind, row.id, row, restore(row.id, rows.get(row.id)))
      rows.set(row.id, row)
      return row
    },
    delete(id) {
      writer.write(kind, id, undefined, restore(id, rows.get(id)))
      rows.delete(id)
    },
  }
}
