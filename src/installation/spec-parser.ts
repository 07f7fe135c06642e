import { Worker } from 'node:worker_threads'
import type { SpecParser } from '../engine/submit.ts'
import type { SpecOptions, SpecResult } from '../spec/types.ts'

export type ParserThread = { readonly parse: SpecParser; close(): Promise<void> }

/** Of one spec. The template's own limits count steps and bytes and end hostile ones far earlier; this is for what they do not see. */
const deadlineMs = 5000
const memoryMebibytes = 256

type Waiting = { readonly text: string; readonly options: SpecOptions; readonly resolve: (result: SpecResult) => void }

/**
 * Parses specs in a thread of its own, one after the other, so that no text from a repository can block the event loop or use up the
 * service's memory. A spec that takes too long, or breaks the thread, is invalid, and the next one gets a fresh thread.
 */
export function createParserThread(limits = { deadlineMs, memoryMebibytes }): ParserThread {
  const waiting: Waiting[] = []
  let worker: Worker | undefined
  let busy: Waiting | undefined
  return { parse, close }

  function parse(text: string, options: SpecOptions): Promise<SpecResult> {
    return new Promise((resolve) => {
      waiting.push({ text, options, resolve })
      next()
    })
  }

  async function close(): Promise<void> {
    await worker?.terminate()
  }

  function next(): void {
    if (busy || waiting.length === 0) return
    const current = waiting.shift()!
    busy = current
    worker ??= startWorker(limits.memoryMebibytes)
    const thread = worker
    const timer = setTimeout(() => fail(`took longer than ${limits.deadlineMs / 1000} s to read`), limits.deadlineMs)
    thread.once('message', finish)
    thread.once('error', broke)
    thread.postMessage({ text: current.text, options: current.options })

    function finish(result: SpecResult): void {
      clearTimeout(timer)
      thread.removeListener('error', broke)
      settle(result)
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
      settle(tooMuch(current.options.file, what))
    }
  }

  function settle(result: SpecResult): void {
    busy?.resolve(result)
    busy = undefined
    next()
  }
}

function startWorker(maxOldGenerationSizeMb: number): Worker {
  const worker = new Worker(new URL('./spec-thread.ts', import.meta.url), { resourceLimits: { maxOldGenerationSizeMb }, env: {} })
  worker.unref()
  return worker
}

function tooMuch(file: string, what: string): SpecResult {
  const place = { file, line: 1, column: 1, endLine: 1, endColumn: 1 }
  return {
    kind: 'invalid',
    diagnostics: [
      { ...place, severity: 'error', code: 'limit/reading', message: `This spec ${what}. Make it smaller or its template simpler.` },
    ],
  }
}
