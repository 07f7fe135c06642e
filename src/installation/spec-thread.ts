import { parentPort } from 'node:worker_threads'
import { locateSpec } from '../spec/parse-spec.ts'
import type { SpecQuestion } from './spec-parser.ts'

/** The other side of `spec-parser.ts`. */
parentPort?.on('message', ({ text, options }: SpecQuestion) => {
  parentPort?.postMessage(locateSpec(text, options))
})
