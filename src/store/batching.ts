export type BatchLimits = {
  readonly maxItems: number
  /** In the unit of `sizeOf`. An item above it goes by itself and holds up nobody. */
  readonly maxSize: number
}

type Waiting<Item, Result> = { readonly item: Item; readonly resolve: (result: Result) => void; readonly reject: (error: unknown) => void }

/**
 * Makes calls share a statement and its commit when they come faster than PostgreSQL writes them: one batch is under way, and what comes
 * meanwhile is the next. A call that comes alone goes alone and at once. `act` answers in the order of the items. When a batch fails, each
 * of its items is tried by itself, so that nobody fails for another's sake.
 */
export function createBatching<Item, Result>(
  act: (items: readonly Item[]) => Promise<readonly Result[]>,
  sizeOf: (item: Item) => number,
  { maxItems, maxSize }: BatchLimits,
): (item: Item) => Promise<Result> {
  const waiting: Waiting<Item, Result>[] = []
  let isUnderWay = false
  return (item) =>
    new Promise((resolve, reject) => {
      const call = { item, resolve, reject }
      if (sizeOf(item) > maxSize) return void settle([call])
      waiting.push(call)
      if (!isUnderWay) void work()
    })

  async function work(): Promise<void> {
    isUnderWay = true
    while (waiting.length > 0) await settle(takeBatch())
    isUnderWay = false
  }

  function takeBatch(): readonly Waiting<Item, Result>[] {
    let size = 0
    const fitting = waiting.findIndex(({ item }, index) => {
      size += sizeOf(item)
      return index === maxItems || size > maxSize
    })
    return waiting.splice(0, fitting === -1 ? waiting.length : fitting)
  }

  async function settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      answer(batch, await act(batch.map(({ item }) => item)))
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error)
      else await Promise.all(batch.map((one) => settle([one])))
    }
  }

  function answer(batch: readonly Waiting<Item, Result>[], results: readonly Result[]): void {
    if (results.length !== batch.length) throw new Error(`Expected ${batch.length} results of a batch, got ${results.length}`)
    batch.forEach(({ resolve }, index) => {
      resolve(results[index] as Result)
    })
  }
}
