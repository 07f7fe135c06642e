import { PatternFault } from './syntax.ts'

/** The characters of a pattern (code points), one after the other. */
export type PatternReader = {
  /** The next `count` characters, fewer at the end. */
  peek(count?: number): string
  /** Takes one character; at the end a fault that says `wanted`. */
  next(wanted: string): string
  /** Takes `text` if it comes next. */
  take(text: string): boolean
  /** Takes what `accepts`, character by character, at most `most` of them. */
  takeWhile(accepts: RegExp, most?: number): string
  /** Goes back to a `position` of before. */
  position(): number
  back(position: number): void
  atEnd(): boolean
  /** A fault at the character last taken, counted from 1. */
  fault(words: string): PatternFault
}

export function createPatternReader(source: string): PatternReader {
  const characters = [...source]
  let at = 0
  const peek = (count = 1) => (count === 1 ? (characters[at] ?? '') : characters.slice(at, at + count).join(''))
  const fault = (words: string) => new PatternFault(`${words} at character ${Math.max(at, 1)}`)
  return {
    peek,
    fault,
    next(wanted) {
      const character = characters[at]
      if (character === undefined) throw fault(`it ends, and ${wanted} was expected behind`)
      at++
      return character
    },
    take(text) {
      if (peek(text.length) !== text) return false
      at += text.length
      return true
    },
    takeWhile(accepts, most = Number.POSITIVE_INFINITY) {
      const from = at
      while (at < characters.length && at - from < most && accepts.test(characters[at] ?? '')) at++
      return characters.slice(from, at).join('')
    },
    position: () => at,
    back(position) {
      at = position
    },
    atEnd: () => at >= characters.length,
  }
}
