import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { seededRandom } from '../../src/benchmark/random.ts'
import type { TaskState } from '../../src/workflow/state.ts'
import {
  type CheckInput,
  cell,
  checkText,
  checkTitle,
  fenced,
  formatDuration,
  plain,
  stateText,
  type TaskLine,
  taskTable,
} from '../../src/workflow/text.ts'
import { waiting } from './builders.ts'

const none = { attempt: 0, retries: { user: 0, infrastructure: 0 } }
const running: TaskState = { ...none, status: 'RUNNING', queuedAt: 1, createdAt: 1, startedAt: 1 }
const queued: TaskState = { ...none, status: 'PROCESSING', queuedAt: 1, notBefore: 1 }
const ended = (change: Partial<Extract<TaskState, { exitCode: number }>> = {}): TaskState => ({
  ...none,
  status: 'COMPLETED',
  exitCode: 0,
  message: '',
  startedAt: 1000,
  finishedAt: 3500,
  outputs: 'stored',
  pod: 'exited',
  ...change,
})
const line = (name: string, state: TaskState, change: Partial<TaskLine> = {}): TaskLine => ({
  name,
  group: name,
  platform: 'simulation',
  state,
  reason: undefined,
  attempts: 0,
  ...change,
})
const input = (change: Partial<CheckInput> = {}): CheckInput => ({
  displayId: 'reach-1',
  status: 'RUNNING',
  tasks: [line('train', running)],
  cancellation: undefined,
  notices: [],
  benchmarks: '',
  benchmarkTitle: '',
  failures: [],
  runtime: '',
  startedAt: undefined,
  finishedAt: undefined,
  ...change,
})

describe('Durations', () => {
  const table: readonly (readonly [number, string])[] = [
    [0, '0.0 s'],
    [-50, '0.0 s'],
    [1340, '1.3 s'],
    [9940, '9.9 s'],
    [12_400, '12 s'],
    [59_400, '59 s'],
    [59_900, '59 s'],
    [60_000, '1 m 00 s'],
    [125_000, '2 m 05 s'],
    [3_599_999, '59 m 59 s'],
    [3_600_000, '1 h 00 m'],
    [11_220_000, '3 h 07 m'],
  ]
  for (const [milliseconds, words] of table) it(`${milliseconds} ms is ${words}`, () => assert.equal(formatDuration(milliseconds), words))
})

describe('What a task does, in words', () => {
  const table: readonly (readonly [string, TaskLine])[] = [
    ['waiting', line('a', waiting)],
    ['waits for train', line('a', waiting, { reason: 'waits for train' })],
    ['queued', line('a', queued)],
    ['queued, attempt 3', line('a', queued, { attempts: 2 })],
    ['running', line('a', running)],
    ['completed', line('a', ended())],
    ['completed after 2 attempts', line('a', ended(), { attempts: 1 })],
    ['completed with its lead', line('a', ended({ message: 'Lead task finished' }))],
    ['failed with exit code 3', line('a', ended({ status: 'FAILED', exitCode: 3 }))],
    ['failed: Task b of its group failed', line('a', ended({ status: 'FAILED', exitCode: 3002, message: 'Task b of its group failed' }))],
    ['ran past its time limit: after 10 s', line('a', ended({ status: 'FAILED_EXEC_TIMEOUT', message: 'after 10 s' }))],
    ['did not run', line('a', ended({ status: 'FAILED_UPSTREAM' }))],
  ]
  for (const [words, task] of table) it(words, () => assert.equal(stateText(task), words))
})

describe('The title of a check', () => {
  const table: readonly (readonly [string, Partial<CheckInput>])[] = [
    ['Waiting to start', { status: 'PENDING', tasks: [line('a', queued)] }],
    [
      'Waits for a free place',
      {
        status: 'PENDING',
        tasks: [line('a', queued, { reason: 'waits for a free place' }), line('b', waiting, { reason: 'waits for a' })],
      },
    ],
    ['Its turn', { status: 'PENDING', tasks: [line('a', waiting, { reason: 'its turn' })] }],
    ['1 of 2 tasks finished, b running', { tasks: [line('a', ended()), line('b', running)] }],
    ['0 of 4 tasks finished, a, b, c … running', { tasks: ['a', 'b', 'c', 'd'].map((name) => line(name, running)) }],
    ['Being cancelled', { cancellation: { at: 1, by: 'mara', reason: 'x' } }],
    ['1 task completed', { status: 'COMPLETED' }],
    ['1 regressed', { status: 'COMPLETED', benchmarkTitle: '1 regressed' }],
    ['Cancelled by mara: x', { status: 'FAILED_CANCELED', cancellation: { at: 1, by: 'mara', reason: 'x' } }],
    [
      'Task b failed with exit code 3',
      { status: 'FAILED', tasks: [line('a', ended({ status: 'FAILED_UPSTREAM' })), line('b', ended({ status: 'FAILED', exitCode: 3 }))] },
    ],
  ]
  for (const [title, change] of table) it(title, () => assert.equal(checkTitle(input(change)), title))
})

const hostile = [
  '<script>alert(1)</script>',
  '![x](https://evil.example/p.png)',
  '[click](javascript:alert(1))',
  '@acme/everyone please',
  'https://evil.example',
  'www.evil.example',
  '| a | b |\n|---|---|',
  '`code` **bold** _em_ ~~gone~~',
  '```\nfence\n```',
  '````js\nx\n````',
  '<!-- osmo:report pr=1 -->',
  '/osmo cancel',
  '# heading',
  'a\n\n> quote\n\n- item',
  '#1 GH-1 acme/arm#1',
  '\u202eevil\u202c \u200b\u2066x',
  '\u001b[31mred\u001b[0m\r\nnext\u0007',
  '&lt;b&gt;',
  '\\',
]

describe('Untrusted text', () => {
  for (const text of hostile) {
    it(`in a sentence is text and nothing else: ${JSON.stringify(text).slice(0, 40)}`, () => {
      const kinds = nodeKinds(`before ${cell(text)} after`)
      assert.deepEqual(kinds, ['root', 'paragraph', 'text'])
      assert.doesNotMatch(cell(text), /[<>|@`\n]|https?:|<!--/)
    })

    it(`in a fence stays there: ${JSON.stringify(text).slice(0, 40)}`, () => {
      const { children } = fromMarkdown(`before\n\n${fenced(text)}\n\nafter`)
      assert.deepEqual(
        children.map(({ type }) => type),
        ['paragraph', 'code', 'paragraph'],
      )
      assert.equal(children[1]?.type === 'code' && children[1].value, plain(text).trimEnd())
    })
  }

  for (const text of ['@everyone', '&commat;everyone', '&#64;everyone', '#1', 'GH-1', 'www.example.com', 'https://example.com', '$x$'])
    it(`in a cell links and mentions nobody once GitHub has decoded it: ${text}`, () => {
      const decoded = cell(text).replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
      assert.doesNotMatch(decoded, /@\w|#\d|GH-\d|www\.|:\/\//)
      assert.doesNotMatch(cell(text), /\$|&(?!#\d+;)/)
    })
  it('in a cell is cut', () => assert.equal(cell('x'.repeat(5000)).length, 300))

  const seed = Number(process.env.OSMO_TEST_SEED ?? Date.now() % 1_000_000)
  it(`of any kind never leaves its fence or its cell (seed ${seed})`, () => {
    const random = seededRandom(seed)
    const alphabet = [
      '`',
      '```',
      '~~~',
      '\n',
      '\r',
      '|',
      '<',
      '>',
      '[',
      ']',
      '(',
      ')',
      '!',
      '*',
      '_',
      '#',
      '@',
      'a',
      ' ',
      '    ',
      '\\',
      '&',
      '\u0000',
      '\u202e',
      '-->',
    ]
    for (let index = 0; index < 500; index++) {
      const text = Array.from({ length: 1 + Math.floor(random() * 30) }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
      const { children } = fromMarkdown(`before\n\n${fenced(text)}\n\nafter`)
      assert.deepEqual(
        children.map(({ type }) => type),
        ['paragraph', 'code', 'paragraph'],
        JSON.stringify(text),
      )
      assert.deepEqual(nodeKinds(`before ${cell(text)} after`), ['root', 'paragraph', 'text'], JSON.stringify(text))
    }
  })
})

describe('A check', () => {
  it('has a row a task, however hostile its name', () => {
    const rows = taskTable([line('a|b\n| c', running), line('d', ended())]).split('\n')
    assert.equal(rows.length, 4)
    for (const row of rows.slice(2)) assert.equal(row.split('|').length, 7)
  })

  it('shows sixty tasks and counts the rest', () => {
    const table = taskTable(Array.from({ length: 75 }, (_, index) => line(`t${index}`, running)))
    assert.equal(table.split('\n').length, 2 + 60 + 1)
    assert.match(table, /and 15 more/)
  })

  it('says first what is odd, then the numbers, the tasks and the last lines of what failed', () => {
    const { summary } = checkText(
      input({
        notices: ['look here'],
        benchmarks: '### numbers',
        failures: [{ task: 'train', attempt: 1, log: 'boom\n' }],
        runtime: 'this machine',
      }),
    )
    const order = ['look here', '### numbers', '| train |', 'Last lines of train#1', 'boom', 'workflow reach-1 · this machine'].map(
      (words) => summary.indexOf(words),
    )
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    )
    assert.ok(
      order.every((place) => place >= 0),
      JSON.stringify(order),
    )
  })

  it('says of a failure without output that it printed nothing', () => {
    assert.match(checkText(input({ failures: [{ task: 'a', attempt: 0, log: ' \n' }] })).summary, /_It printed nothing\._/)
  })
})

function nodeKinds(markdown: string): readonly string[] {
  const visit = (node: { readonly type: string; readonly children?: readonly unknown[] }): readonly string[] => [
    node.type,
    ...(node.children ?? []).flatMap((child) => visit(child as typeof node)),
  ]
  return visit(fromMarkdown(markdown))
}
