import { Worker } from 'node:worker_threads'

export type Thread<Question, Answer> = { ask(question: Question): Promise<Answer>; close(): Promise<void> }

export type ThreadOptions<Question, Answer> = {
  /** Listens on its `parentPort` and posts one answer for each question. */
  readonly entry: URL
  readonly deadlineMs: number
  readonly memoryMebibytes: number
  /** The answer when there is none: what went wrong completes "it …". */
  readonly broken: (question: Question, what: string) => Answer
}

type Waiting<Question, Answer> = { readonly question: Question; readonly resolve: (answer: Answer) => void }

/**
 * Answers in a thread of its own, one question after the other, so that no text from a repository can block the event loop or use up the
 * service's memory. What takes too long, or breaks the thread, is answered by `broken`, and the next question gets a fresh thread.
 */
export function createThread<Question, Answer>(options: ThreadOptions<Question, Answer>): Thread<Question, Answer> {
  const waiting: Waiting<Question, Answer>[] = []
  let worker: Worker | undefined
  let busy: Waiting<Question, Answer> | undefined
  return { ask, close }

  function ask(question: Question): Promise<Answer> {
    return new Promise((resolve) => {
      waiting.push({ question, resolve })
      next()
    })
  }

  async function close(): Promise<void> {
    await worker?.terminate()
  }

  function next(): void {
    if (busy) return
    busy = waiting.shift()
    if (busy) answer(busy)
  }

  function answer({ question }: Waiting<Question, Answer>): void {
    worker ??= startThread(options.entry, options.memoryMebibytes)
    const thread = worker
    const timer = setTimeout(() => fail(`took longer than ${options.deadlineMs / 1000} s to read`), options.deadlineMs)
    thread.once('message', finish)
    thread.once('error', broke)
    thread.postMessage(question)

    function finish(given: Answer): void {
      clearTimeout(timer)
      thread.removeListener('error', broke)
      settle(given)
    }

    function broke(error: Error): void {
      fail(`could not be read: ${error.message}`)
    }

    function fail(what: string): void {
      clearTimeout(timer)
      thread.removeAllListeners()
      thread.on('error', () => undefined)
      void thread.terminate()
      worker = undefined
      settle(options.broken(question, what))
    }
  }

  function settle(given: Answer): void {
    busy?.resolve(given)
    busy = undefined
    next()
  }
}

function startThread(entry: URL, maxOldGenerationSizeMb: number): Worker {
  const worker = new Worker(entry, { resourceLimits: { maxOldGenerationSizeMb }, env: {} })
  worker.unref()
  return worker
}
