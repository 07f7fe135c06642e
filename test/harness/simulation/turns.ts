/**
 * One thing at a time: what an engine asks of the world waits here until it is its turn. A turn performs one call or hands one answer
 * over, and then everybody goes on until all of them wait again. Same choices, same history.
 */
export type Life = {
  readonly name: string
  /** Never settles once this life is over. */
  call<T>(call: Question<T>): Promise<T>
  isOver(): boolean
}
export type Question<T> = {
  readonly label: string
  /** `changed`: the world is another one now. Reads, and what a transaction has not committed, leave it as it was. */
  readonly act: () => Promise<{ readonly value: T; readonly changed: boolean }>
  /** Whether it may have to wait for a lock that only another call will free, and whether it does. Absent: it never does. */
  readonly lock?: { mayWait(): boolean; isWaiting(): Promise<boolean> }
}

export type Choice = {
  /** Below `count`. */
  readonly pick: (count: number) => number
  readonly answers: 'at-once' | 'delayed'
}
/** `step` and `change` count from 1. `after`: it took effect, and its answer is under way. */
export type Moment = { readonly when: 'before' | 'after'; readonly step: number; readonly change: number; readonly changed: boolean }

type Waiting = { readonly life: Life; readonly question: Question<unknown>; readonly answer: (outcome: Outcome) => void }
type Outcome = { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'error'; readonly error: unknown }
type Flight = Waiting & { ended: { readonly outcome: Outcome; readonly changed: boolean } | undefined; readonly end: Promise<unknown> }

export type Turns = ReturnType<typeof createTurns>

/** `isOpening`: something outside of all calls is under way, such as a connection. `dies`: whether whoever called dies at this moment. */
export function createTurns(
  choice: Choice,
  dies: (moment: Moment, label: string) => boolean,
  isOpening: () => boolean,
  /** Called with each label as it is performed, for people who look into a failure. */
  trace: (line: string) => void,
) {
  const waiting: Waiting[] = []
  const answers: { readonly life: Life; readonly label: string; readonly deliver: () => void }[] = []
  const blocked: Flight[] = []
  const over = new Set<Life>()
  const count = { steps: 0, changes: 0 }
  return { count, begin, end, turn, quiet, pending: () => waiting.length + answers.length, blocked: () => blocked.length, asked }

  function begin(name: string): Life {
    const life: Life = { name, call, isOver: () => over.has(life) }
    return life

    function call<T>(question: Question<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        if (over.has(life)) return
        const answer = (outcome: Outcome) => (outcome.kind === 'value' ? resolve(outcome.value as T) : reject(outcome.error))
        waiting.push({ life, question, answer })
      })
    }
  }

  /** Nothing it asked is performed any more, and no answer reaches it. */
  function end(life: Life): void {
    over.add(life)
    for (const list of [waiting, answers, blocked])
      for (let index = list.length - 1; index >= 0; index--) if (list[index]?.life === life) list.splice(index, 1)
  }

  /** Labels of what is asked and not answered, by those who live. */
  function asked(): readonly string[] {
    return [...waiting.map(({ question }) => question.label), ...blocked.map(({ question }) => `${question.label} (blocked)`)]
  }

  /** Returns whose life ends at this turn, if it does. */
  async function turn(): Promise<Life | undefined> {
    const index = choice.pick(waiting.length + answers.length)
    const [answered] = index >= waiting.length ? answers.splice(index - waiting.length, 1) : []
    if (answered) return void answered.deliver()
    const [next] = waiting.splice(index, 1)
    return next && perform(next)
  }

  async function perform(next: Waiting): Promise<Life | undefined> {
    const step = ++count.steps
    const { label } = next.question
    if (dies({ when: 'before', step, change: count.changes + 1, changed: false }, label)) return next.life
    trace(`${step} ${next.life.name} ${label}`)
    const flight = launch(next)
    // What the new one frees can only be told once it has ended.
    blocked.unshift(flight)
    let dead: Life | undefined
    for (const one of [...blocked]) if ((await landing(one)) === 'landed') dead = arrived(one, step) ?? dead
    return dead
  }

  function launch(next: Waiting): Flight {
    const end = next.question.act().then(
      ({ value, changed }) => {
        flight.ended = { outcome: { kind: 'value', value }, changed }
      },
      (error: unknown) => {
        flight.ended = { outcome: { kind: 'error', error }, changed: false }
      },
    )
    const flight: Flight = { ...next, ended: undefined, end }
    return flight
  }

  async function landing(flight: Flight): Promise<'landed' | 'blocked'> {
    const { lock } = flight.question
    if (!lock?.mayWait()) await flight.end
    while (!flight.ended) {
      await Promise.race([flight.end, slow()])
      if (!flight.ended && (await lock?.isWaiting())) return 'blocked'
    }
    return 'landed'
  }

  function arrived(flight: Flight, step: number): Life | undefined {
    blocked.splice(blocked.indexOf(flight), 1)
    const { ended, life, answer } = flight
    if (!ended) throw new Error('Expected a call that has landed')
    if (ended.changed) count.changes++
    const { label } = flight.question
    answers.push({ life, label, deliver: () => answer(ended.outcome) })
    if (dies({ when: 'after', step, change: count.changes, changed: ended.changed }, label)) return life
    if (choice.answers === 'at-once') for (const { deliver } of answers.splice(0)) deliver()
    return undefined
  }

  /** Resolves once everybody has gone as far as he can without an answer. */
  async function quiet(): Promise<void> {
    // The engine lets a turn of the event loop pass between two looks at a lane, and one look may lead to the next.
    for (let hop = 0; hop < 5; hop++) await hopOnce()
    while (isOpening()) await hopOnce()
  }
}

const hopOnce = () => new Promise((resolve) => setImmediate(resolve))

/** When a statement takes so long, it is worth asking PostgreSQL whether it waits for a lock. */
const slow = () => new Promise((resolve) => setTimeout(resolve, 3))
