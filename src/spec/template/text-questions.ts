import { demandText, type Method, method } from './method-table.ts'
import { isSpace } from './text.ts'

function question(name: string, answer: (text: string) => boolean): readonly [string, Method] {
  return method(name, '', demandText, (text, _, { meter }) => {
    meter.pieces(text.length / 2)
    return answer(text)
  })
}

const hasCase = /\p{Cased}/u
const capital = /[\p{Lu}\p{Lt}]/u
const small = /\p{Ll}/u

/** Python's `istitle`: capitals only at the start of words, small letters only inside. */
function isTitle(text: string): boolean {
  let inWord = false
  let seen = false
  for (const character of text) {
    const isCapital = capital.test(character)
    const isSmall = small.test(character)
    if ((isCapital && inWord) || (isSmall && !inWord)) return false
    inWord = isCapital || isSmall
    seen ||= inWord
  }
  return seen
}

/** The methods of Python's `str` that answer yes or no. */
export const textQuestions: readonly (readonly [string, Method])[] = [
  question('isdigit', (text) => /^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]+$/u.test(text)),
  question('isdecimal', (text) => /^\p{Nd}+$/u.test(text)),
  question('isnumeric', (text) => /^\p{N}+$/u.test(text)),
  question('isalpha', (text) => /^\p{L}+$/u.test(text)),
  question('isalnum', (text) => /^[\p{L}\p{N}]+$/u.test(text)),
  question('isspace', isSpace),
  question('isascii', (text) => !/[^\0-\x7f]/.test(text)),
  question('isidentifier', (text) => /^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(text)),
  question('isprintable', (text) => !/[\p{C}\p{Z}]/u.test(text.replaceAll(' ', ''))),
  question('isupper', (text) => hasCase.test(text) && !small.test(text) && !/\p{Lt}/u.test(text)),
  question('islower', (text) => hasCase.test(text) && !capital.test(text)),
  question('istitle', isTitle),
]
