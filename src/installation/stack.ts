export type How = 'interrupt' | 'leave'
/** `undo`: the start failed, so what it began is ended, and what it adopted is left as it was found. */
export type Stopping = How | 'undo'
export type Running = { stop(how: Stopping): Promise<void> }

/** Whether a child that can outlive us is to end with us. */
export function endsChild(how: Stopping, origin: 'started' | 'adopted'): boolean {
  return how === 'interrupt' || (how === 'undo' && origin === 'started')
}

/** Whoever was starting parts was told to end before the last one was there. */
export class Ended extends Error {
  override readonly name = 'Ended'
  readonly how: How
  constructor(how: How) {
    super('It was told to end while it was starting')
    this.how = how
  }
}

/** How it is to end, once it was told to. It is there before the first part, so that a signal finds somebody at every moment of the start. */
export type Ending = { readonly how: How | undefined }

/** What was started, to be stopped in reverse order. One part that cannot stop keeps none of the others from it. */
export class Stack {
  readonly #running: Running[] = []
  readonly #ending: Ending

  constructor(ending: Ending) {
    this.#ending = ending
  }

  /** The part is kept in any case. Throws {@link Ended} when it comes after the end was asked for, so that no further one is started. */
  push(part: Running): void {
    this.#running.push(part)
    if (this.#ending.how !== undefined) throw new Ended(this.#ending.how)
  }

  async unwind(how: Stopping): Promise<void> {
    for (let part = this.#running.pop(); part !== undefined; part = this.#running.pop()) {
      try {
        await part.stop(how)
      } catch (error) {
        console.error(`A part did not stop cleanly: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
}
