import { parentPort } from 'node:worker_threads'
import { parseBenchmarkFile } from '../benchmark/formats/parse.ts'
import type { BenchmarkQuestion } from './benchmark-parser.ts'

/** The other side of `benchmark-parser.ts`. */
parentPort?.on('message', ({ text, options }: BenchmarkQuestion) => {
  parentPort?.postMessage(parseBenchmarkFile(text, options))
})
