import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { toString as textOf } from 'mdast-util-to-string'
import { codeSpan, escapeMarkdown, escapeSentence } from '../../src/benchmark/escape.ts'

const hostile = [
  'a|b\\|c\\\\|d',
  '`code` ``x`',
  '<img src=x onerror=alert(1)> <!-- osmo:report -->',
  '[click](https://evil.example) ![x](y)',
  'https://evil.example/a www.evil.example mailto:a@b.c',
  '@octocat cc @org/team, a@b.c',
  '#123 GH-12 owner/repo#5',
  '**bold** _it_ ~~no~~ $x^2$ &lt; &#64;octocat',
  '# heading',
  '- item',
  '1. item',
  '> quote',
  '---',
  '=== \n next',
  'line\nbreak\r\n\n# two',
  'abc\u202edcba\u0000\u200b\u2066x\ud800',
  '</details></td>',
]

describe('hostile names', () => {
  for (const text of hostile)
    it(`${JSON.stringify(text)} shows as text and nothing else`, () => {
      const tree = fromMarkdown(escapeMarkdown(text))
      assert.deepEqual(kindsIn(tree), ['paragraph', 'root', 'text'])
      assert.equal(textOf(tree).replaceAll('\u200b', ''), visible(text))
    })
  for (const text of hostile)
    it(`${JSON.stringify(text)} is one code span`, () => {
      assert.deepEqual(kindsIn(fromMarkdown(codeSpan(text))), ['inlineCode', 'paragraph', 'root'])
      assert.doesNotMatch(codeSpan(text), /\|/)
    })
  for (const text of hostile)
    it(`${JSON.stringify(text)} ends no table cell, mentions nobody and links nothing`, () => {
      const escaped = escapeMarkdown(text)
      // GitHub splits a row at pipes that no backslash precedes, taking escaped backslashes two by two.
      assert.doesNotMatch(escaped.replace(/\\[\s\S]/g, ''), /\|/)
      const shown = textOf(fromMarkdown(escaped))
      assert.doesNotMatch(shown, /@\w|#\d|GH-\d|:\/\/|www\.|mailto:/i)
    })
  it('is cut at 120 characters', () => assert.equal([...escapeMarkdown('é'.repeat(5000))].length, 120))
  it('is linear in hostile input', () => assert.ok(escapeMarkdown('@#1`|<'.repeat(100_000)).length < 1000))
})

function visible(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .trim()
}

type Node = { readonly type: string; readonly children?: readonly Node[] }

function kindsIn(tree: Node): readonly string[] {
  const kinds = new Set<string>()
  const visit = (node: Node): void => {
    kinds.add(node.type)
    node.children?.forEach(visit)
  }
  visit(tree)
  return [...kinds].sort()
}

describe('a sentence with a name in it', () => {
  for (const text of hostile)
    it(`keeps ${JSON.stringify(text)} in one code span, or as text`, () => {
      const kinds = kindsIn(fromMarkdown(escapeSentence(`Task \`${text}\` is gone`)))
      assert.deepEqual(
        kinds.filter((kind) => !['paragraph', 'root', 'text', 'inlineCode'].includes(kind)),
        [],
      )
    })
  it('keeps its own code spans', () => assert.equal(escapeSentence('`on` differs, see @x'), '`on` differs, see @\u200bx'))
})
