export type How = 'interrupt' | 'leave'
export type Running = { stop(how: How): Promise<void> }

/** What was started, to be stopped in reverse order. One part that cannot stop keeps none of the others from it. */
export class Stack {
  readonly #running: Running[] = []

  push(part: Running): void {
    this.#running.push(part)
  }

  async unwind(how: How): Promise<void> {
    for (let part = this.#running.pop(); part !== undefined; part = this.#running.pop()) {
      try {
        await part.stop(how)
      } catch (error) {
        console.error(`A part did not stop cleanly: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
}
