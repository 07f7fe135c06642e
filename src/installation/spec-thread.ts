import { parentPort } from 'node:worker_threads'
import { parseSpec } from '../spec/parse-spec.ts'
import type { SpecOptions } from '../spec/types.ts'

/** The other side of `spec-parser.ts`. */
parentPort?.on('message', ({ text, options }: { readonly text: string; readonly options: SpecOptions }) => {
  parentPort?.postMessage(parseSpec(text, options))
})
