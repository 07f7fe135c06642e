import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Command,
  type CommandError,
  commandsAddedByEdit,
  explainCommandError,
  findTarget,
  isCommandError,
  nearest,
  parseCommands,
} from '../../src/workflow/command.ts'

const run = (spec: string, values: Readonly<Record<string, string>> = {}): Command => ({
  kind: 'run',
  spec,
  values: new Map(Object.entries(values)),
})
const rerun: Command = { kind: 'rerun', target: { kind: 'failed-or-all' } }
const rerunNamed = (path: string): Command => ({ kind: 'rerun', target: { kind: 'named', path } })
const cancel: Command = { kind: 'cancel', target: { kind: 'all' } }
const cancelNamed = (path: string): Command => ({ kind: 'cancel', target: { kind: 'named', path } })
const status: Command = { kind: 'status' }
const help: Command = { kind: 'help' }
const unknown = (word: string, suggestion?: string): CommandError => ({ kind: 'unknown-verb', word, suggestion })
const stray = (verb: string, word: string): CommandError => ({ kind: 'unexpected-word', verb, word, suggestion: undefined })

const grammar: readonly (readonly [string, readonly (Command | CommandError)[]])[] = [
  ['/osmo', [help]],
  ['/osmo help', [help]],
  ['/osmo status', [status]],
  ['/osmo\tstatus', [status]],
  ['/osmo   status   ', [status]],
  ['/osmo cancel', [cancel]],
  ['/osmo cancel all', [cancel]],
  ['/osmo cancel nav-eval', [cancelNamed('nav-eval')]],
  ['/osmo cancel bench/orin', [cancelNamed('bench/orin')]],
  ['/osmo rerun', [rerun]],
  ['/osmo rerun all', [{ kind: 'rerun', target: { kind: 'all' } }]],
  ['/osmo rerun failed', [{ kind: 'rerun', target: { kind: 'failed' } }]],
  ['/osmo rerun nav-eval', [rerunNamed('nav-eval')]],
  ['/osmo rerun nav-eval/train', [rerunNamed('nav-eval/train')]],
  ['/osmo rerun "my eval"/train', [{ kind: 'text-after-quote', text: '/train' }]],
  ['/osmo rerun "my eval"', [rerunNamed('my eval')]],
  ['/osmo run nav-eval', [run('nav-eval')]],
  ['/osmo run nav-eval seed=3', [run('nav-eval', { seed: '3' })]],
  ['/osmo run nav_eval_two a=1\tb=2', [run('nav_eval_two', { a: '1', b: '2' })]],
  ['/osmo run nav scene="top shelf"', [run('nav', { scene: 'top shelf' })]],
  ['/osmo run nav scene=\'top "shelf"\'', [run('nav', { scene: 'top "shelf"' })]],
  ['/osmo run nav scene="say \\"hi\\""', [run('nav', { scene: 'say "hi"' })]],
  ['/osmo run nav tag=', [run('nav', { tag: '' })]],
  ['/osmo run nav url=https://example.com/?a=b', [run('nav', { url: 'https://example.com/?a=b' })]],
  ['/osmo run nav glob=a*b_c*d', [run('nav', { glob: 'a*b_c*d' })]],
  ["/osmo run nav who=it's", [run('nav', { who: "it's" })]],
  [
    '/osmo run nav __proto__=1 constructor=2',
    [
      {
        kind: 'run',
        spec: 'nav',
        values: new Map([
          ['__proto__', '1'],
          ['constructor', '2'],
        ]),
      },
    ],
  ],
  ['/osmo run', [{ kind: 'missing-name', verb: 'run' }]],
  ['/osmo run seed=3', [{ kind: 'missing-name', verb: 'run' }]],
  ['/osmo run nav other', [stray('run', 'other')]],
  ['/osmo run nav seed=1 seed=2', [{ kind: 'duplicate-key', key: 'seed' }]],
  ['/osmo run nav 1x=2', [{ kind: 'bad-key', key: '1x' }]],
  ['/osmo run nav scene="top', [{ kind: 'unclosed-quote', text: '"top' }]],
  ["/osmo run nav scene='top", [{ kind: 'unclosed-quote', text: "'top" }]],
  ['/osmo run nav scene="a"b', [{ kind: 'text-after-quote', text: 'b' }]],
  [`/osmo run nav scene=${'x'.repeat(1025)}`, [{ kind: 'word-too-long', word: 'x'.repeat(40) }]],
  ['/osmo rerun nav seed=3', [{ kind: 'takes-no-values', verb: 'rerun', key: 'seed' }]],
  ['/osmo rerun a b', [stray('rerun', 'b')]],
  ['/osmo cancel a b', [stray('cancel', 'b')]],
  ['/osmo status now', [stray('status', 'now')]],
  ['/osmo help me', [stray('help', 'me')]],
  ['/osmo rerum', [unknown('rerum', 'rerun')]],
  ['/osmo Rerun', [unknown('Rerun', 'rerun')]],
  ['/osmo retest', [unknown('retest', 'rerun')]],
  ['/osmo stop', [unknown('stop', 'cancel')]],
  ['/osmo frobnicate', [unknown('frobnicate')]],
  ['/osmo toString', [unknown('toString')]],
  ['/osmo --upload-pack=x', [unknown('--upload-pack=x')]],
  ...['approve', 'revoke', 'hold', 'unhold', 'explain', 'accept', 'bench', 'compare', 'bisect'].map(
    (verb) => [`/osmo ${verb} whatever`, [{ kind: 'unavailable-verb', verb }]] as const,
  ),
]

const markdown: readonly (readonly [string, readonly (Command | CommandError)[]])[] = [
  ['', []],
  ['thanks!', []],
  ['/osmosis', []],
  ['/osmo-run nav', []],
  ['x /osmo cancel', []],
  ['please\n/osmo cancel', [cancel]],
  ['please\n\n/osmo cancel\n\nthanks', [cancel]],
  ['/osmo cancel\r\n/osmo rerun\r\n', [cancel, rerun]],
  ['/osmo cancel\r/osmo rerun', [cancel, rerun]],
  ['/osmo cancel\n/osmo rerun', [cancel, rerun]],
  ['/osmo run unit\n/osmo run e2e', [run('unit'), run('e2e')]],
  ['/osmo rerum\n/osmo cancel', [unknown('rerum', 'rerun'), cancel]],
  ['   /osmo cancel', [cancel]],
  ['text\n   /osmo cancel', [cancel]],
  ['    /osmo cancel', []],
  ['text\n    /osmo cancel', []],
  ['\t/osmo cancel', []],
  ['```\n/osmo cancel\n```', []],
  ['~~~ sh\n/osmo cancel', []],
  ['```\n/osmo cancel\n```\n/osmo rerun', [rerun]],
  ['`\n/osmo cancel\n`', []],
  ['see `x\n/osmo cancel` there', []],
  ['<!--\n/osmo cancel\n-->', []],
  ['<!--\n\n/osmo cancel\n\n-->', []],
  ['hidden <!--\n/osmo cancel\n-->', []],
  ['<div>\n/osmo cancel\n</div>', []],
  ['<details>\n\n/osmo cancel\n\n</details>', []],
  ['<details><summary>x</summary>\n\n/osmo cancel\n\n</details>\n\n/osmo rerun', [rerun]],
  ['<br>\n\n/osmo cancel', [cancel]],
  ['a `<details>` b\n\n/osmo cancel', [cancel]],
  ['> /osmo cancel', []],
  ['> quoted\n/osmo cancel', []],
  ['> quoted\n\n/osmo cancel', [cancel]],
  ['- /osmo cancel', []],
  ['- item\n  /osmo cancel', []],
  ['- item\n/osmo cancel', []],
  ['- item\n\n/osmo cancel', [cancel]],
  ['1. item\n\n   /osmo cancel', []],
  ['# /osmo cancel', []],
  ['/osmo cancel\n---', []],
  ['/osmo cancel\n===', []],
  ['[a\n/osmo cancel\nb](https://example.com)', []],
  ['![a\n/osmo cancel](https://example.com/x.png)', []],
  ['[ref]:\n/osmo', []],
  ['\\/osmo cancel', []],
  ['/osmo cancel\\\n/osmo rerun', [cancel, rerun]],
  ['/osmo cancel  \n/osmo rerun', [cancel, rerun]],
  ['**bold**\n/osmo cancel', [cancel]],
  ['/osmo run nav `seed=3`', [{ kind: 'formatted', line: '/osmo run nav `seed=3`' }]],
  ['/osmo cancel <!-- not -->', [{ kind: 'formatted', line: '/osmo cancel <!-- not -->' }]],
  ['/osmo run [nav](https://example.com)', [{ kind: 'formatted', line: '/osmo run [nav](https://example.com)' }]],
  [`${'word '.repeat(1000)}\n/osmo cancel`, [{ kind: 'paragraph-too-long' }]],
  [`${'word '.repeat(1000)}\n\n/osmo cancel`, [cancel]],
  [Array(8).fill('/osmo status').join('\n'), Array(8).fill(status)],
  [Array(9).fill('/osmo status').join('\n'), [{ kind: 'too-many-commands', count: 9 }]],
  [`/osmo cancel\n\n${'x'.repeat(70_000)}`, [{ kind: 'comment-too-long', length: 70_014 }]],
  ['x'.repeat(70_000), []],
]

describe('the grammar of a command', () => {
  for (const [comment, expected] of grammar) it(title(comment), () => assert.deepEqual(parseCommands(comment), expected))
})

describe('a command in Markdown', () => {
  for (const [comment, expected] of markdown) it(title(comment), () => assert.deepEqual(parseCommands(comment), expected))
})

/** What another service does with these is in nobody's interest: the same shapes in our words (quotes, order, names after slashes, tabs). */
describe('comments that surprised people elsewhere', () => {
  const examples: readonly (readonly [string, readonly (Command | CommandError)[]])[] = [
    ['```\n/osmo rerun\n```', []],
    ['<!--\n/osmo rerun\n-->', []],
    ['    /osmo run', []],
    ['> /osmo rerun', []],
    ['/osmo cancel\n/osmo rerun', [cancel, rerun]],
    ['/osmo run unit\n/osmo run e2e', [run('unit'), run('e2e')]],
    ['see src/osmo/foo.go\n/osmo run unit', [run('unit')]],
    ['/osmo\trun\tunit', [run('unit')]],
    ['please\n/osmo run unit seed=3', [run('unit', { seed: '3' })]],
  ]
  for (const [comment, expected] of examples) it(title(comment), () => assert.deepEqual(parseCommands(comment), expected))
})

describe('an edited comment', () => {
  const edits: readonly (readonly [string, string, readonly (Command | CommandError)[]])[] = [
    ['', '/osmo cancel', [cancel]],
    ['/osmo cancel', '/osmo cancel', []],
    ['/osmo cancel', '/osmo cancel\n\nplease', []],
    ['/osmo cancel', '/osmo cancel\n/osmo cancel', [cancel]],
    ['/osmo cancel', '/osmo   cancel', []],
    ['/osmo rerun', '/osmo rerun\n/osmo status', [status]],
    ['/osmo rerun\n/osmo status', '/osmo status', []],
    ['`/osmo cancel`', '/osmo cancel', [cancel]],
    ['```\n/osmo cancel\n```', '/osmo cancel', [cancel]],
    ['/osmo run nav seed=1', '/osmo run nav seed=2', [run('nav', { seed: '2' })]],
  ]
  for (const [before, after, expected] of edits) {
    it(`${title(before)} to ${title(after)}`, () => assert.deepEqual(commandsAddedByEdit(before, after), expected))
  }
})

describe('which spec and task a path means', () => {
  const specs = ['nav', 'nav/deep', 'bench/orin']
  const paths = [
    ['nav', { spec: 'nav', task: undefined }],
    ['nav/train', { spec: 'nav', task: 'train' }],
    ['nav/deep', { spec: 'nav/deep', task: undefined }],
    ['nav/deep/train', { spec: 'nav/deep', task: 'train' }],
    ['bench/orin/lat', { spec: 'bench/orin', task: 'lat' }],
    ['navigation', undefined],
    ['bench', undefined],
  ] as const
  for (const [path, expected] of paths) it(path, () => assert.deepEqual(findTarget(path, specs), expected))

  it('suggests the nearest name', () => {
    assert.equal(nearest('nav-evel', ['nav-eval', 'train']), 'nav-eval')
    assert.equal(nearest('zzz', ['nav-eval', 'train']), undefined)
    assert.equal(nearest('a', []), undefined)
  })
})

describe('what a wrong command is told', () => {
  it('has one line for every error of the tables, without a way out of its code spans', () => {
    const errors = [...grammar, ...markdown].flatMap(([comment]) => parseCommands(comment).filter(isCommandError))
    for (const error of errors) assert.match(explainCommandError(error), /^[^\n]{20,400}$/)
    assert.ok(new Set(errors.map(({ kind }) => kind)).size >= 13)
  })

  it('shows what was typed as code, cut', () => {
    const [error] = parseCommands(`/osmo x@everyone-${'y'.repeat(200)}`).filter(isCommandError)
    assert.ok(error)
    assert.match(explainCommandError(error), /^I do not know `x@everyone-y{49}`\. `\/osmo help`/)
  })

  it('cannot be made to leave its code span', () => {
    const explained = explainCommandError({ kind: 'unknown-verb', word: 'a`![x](http://y)\n@all', suggestion: undefined })
    assert.equal(explained, 'I do not know `a·![x](http://y)·@all`. `/osmo help` lists what I know.')
  })
})

/** Texts on which a plain Markdown parser takes from seconds to minutes; that this file ends is the test. */
describe('hostile comments are read in reasonable time', () => {
  const units = [
    '>',
    '1. ',
    '- ',
    '* ',
    '*a_',
    '[a](',
    '![',
    '`a',
    '<a',
    '<!--',
    '&',
    '**a *a',
    '> ',
    '\n- a',
    '> 1. ',
    '<details>\n\n',
    '[a]: b\n',
  ]
  for (const unit of units) {
    it(title(unit), () => {
      const comment = `/osmo cancel\n\n${unit.repeat(Math.floor(65_000 / unit.length))}`
      assert.deepEqual(parseCommands(comment)[0], cancel)
    })
  }
})

function title(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
