import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createReporter, maximumDiagnostics } from '../../src/spec/reporter.ts'
import { listKnown, maximumCandidates, nearestWord } from '../../src/spec/suggestion.ts'
import { isUndefined } from '../../src/spec/template/objects.ts'
import { undefinedName } from '../../src/spec/template/undefined-name.ts'

const known = ['image', 'command', 'max-regression', 'environment', 'res12', 'res21']

const examples: readonly (readonly [word: string, nearest: string | undefined])[] = [
  ['imagee', 'image'],
  ['iamge', 'image'],
  ['mage', 'image'],
  ['IMAGE', 'image'],
  ['comand', 'command'],
  ['maxRegression', 'max-regression'],
  ['max_regression', 'max-regression'],
  ['enviroment', 'environment'],
  ['enviromnet', 'environment'],
  ['rse12', 'res12'],
  ['res1', 'res12'],
  ['resx21', 'res21'],
  ['zzz', undefined],
  ['imagination', undefined],
  ['', undefined],
  ['x'.repeat(65), undefined],
]

describe('the nearest known word', () => {
  for (const [word, nearest] of examples)
    it(`${word || 'nothing'} is near ${nearest}`, () => assert.equal(nearestWord(word, known), nearest))

  it('is looked for among a bounded number', () => {
    let count = 0
    function* many() {
      for (; count < 1e6; count++) yield `resource-${count}`
    }
    nearestWord('resourxe-q', many())
    assert.ok(count <= maximumCandidates, `${count}`)
  })
})

it('a list of many words is cut', () => {
  const words = Array.from({ length: 8_000 }, (_, index) => `res${index}`)
  assert.match(listKnown(words), /^ Known are res0, res1, .*, and 7980 more\.$/)
})

it('a fault beyond the limit is never put into words', () => {
  let made = 0
  const reporter = createReporter('f', '')
  for (let index = 0; index < 5_000; index++) reporter.error('schema/value', { start: index, end: index }, () => `${++made}`)
  assert.equal(made, maximumDiagnostics)
})

it('an undefined name that nobody uses is never put into words', () => {
  const value = undefinedName('gpu', { start: 0, end: 3 }, () => assert.fail('asked for the known names'))
  assert.ok(isUndefined(value))
})
