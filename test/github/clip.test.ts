import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clipMarkdown, clipText } from '../../src/github/clip.ts'

const note = '_cut_'
const lines = 'a line of text\n'.repeat(1000)

describe('clipped Markdown', () => {
  const texts: readonly (readonly [string, string, RegExp])[] = [
    ['plain text ends at a line', lines, /a line of text\n\n\n_cut_$/],
    ['an open fence is closed', `\`\`\`\n${lines}`, /a line of text\n```\n\n\n_cut_$/],
    ['a longer fence is closed by as many marks', `\`\`\`\`\`\n\`\`\`\n${lines}`, /a line of text\n`````\n/],
    ['a fence of tildes by tildes', `~~~\n\`\`\`\n${lines}`, /a line of text\n~~~\n/],
    ['a closed fence is left alone', `\`\`\`\nx\n\`\`\`\n${lines}`, /a line of text\n\n\n_cut_$/],
    ['open details are closed', `<details>\n<details>\n${lines}`, /text\n\n<\/details>\n\n<\/details>\n\n\n_cut_$/],
    ['details within code are text', `\`\`\`\n<details>\n\`\`\`\n${lines}`, /a line of text\n\n\n_cut_$/],
    ['details around an open fence are closed after it', `<details>\n\n\`\`\`\n${lines}`, /text\n```\n\n<\/details>\n/],
  ]
  for (const [title, text, end] of texts) {
    it(title, () => {
      const clipped = clipMarkdown(text, 2000, note)
      assert.ok(clipped.length <= 2000)
      assert.match(clipped, end)
    })
  }

  it('is the text itself when that is short enough', () => assert.equal(clipMarkdown('x'.repeat(2000), 2000, note), 'x'.repeat(2000)))

  it('of one endless line of pairs is cut between them', () => {
    const clipped = clipMarkdown('🤖'.repeat(5000), 2001, note)
    assert.ok(clipped.isWellFormed() && clipped.length <= 2001 && clipped.length > 1000)
  })

  it('stays within its limit however much is open', () => {
    const hostile = '<details>\n'.repeat(5000)
    assert.ok(clipMarkdown(hostile, 2000, note).length <= 2000)
  })
})

describe('clipped text', () => {
  const texts = [
    ['short', 10, 'short'],
    ['exactly ten', 11, 'exactly ten'],
    ['exactly ten', 10, 'exactly t…'],
    ['🤖🤖🤖', 4, '🤖…'],
  ] as const
  for (const [text, limit, expected] of texts) it(`${text} in ${limit}`, () => assert.equal(clipText(text, limit), expected))
})
