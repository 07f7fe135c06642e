/** Runs jobs one after the other, in the order in which they were asked for. */
export type Lock = <T>(job: () => Promise<T>) => Promise<T>

export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve()
  return (job) => {
    const next = last.then(job)
    last = next.catch(() => {}) // the caller has the error; the next job must run all the same
    return next
  }
}
