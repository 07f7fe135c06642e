import type { Behaviour } from '../harness/world.ts'

export const reach = '.osmo/reach.yaml'

export const task = (name: string, inputs: readonly string[] = []) =>
  `    - {name: ${name}, image: i, command: [x], inputs: [${inputs.map((input) => `{task: ${input}}`).join(', ')}]}\n`

export const spec = (tasks: readonly string[], sections: string, name = 'reach') =>
  `${sections}\nworkflow:\n  name: ${name}\n  tasks:\n${tasks.join('')}`

/** `train`, then `evaluate`, which reads it. */
export const chain = (sections = 'on: [push, pull_request]\n') => spec([task('train'), task('evaluate', ['train'])], sections)

/** The same, its evaluation compared on pull requests. */
export const compared = () =>
  chain(
    'on:\n  push: {branches: [main]}\n  pull_request: {}\ncheckout: true\nbenchmarks:\n  - {name: reach, task: evaluate, path: e.json, metrics: {score: {gate: true, max-regression: 5%, direction: higher}}, compare: {pairs: 8, warmup: 0, seed: 1}}\n',
  )

export const scores =
  (base: number, head: number): Behaviour =>
  ({ arm }) => ({
    files: { 'e.json': JSON.stringify({ score: arm === 'base' ? base : head }) },
  })
