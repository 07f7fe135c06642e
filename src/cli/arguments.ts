import { suggest } from '../spec/suggestion.ts'

/** What a command's options take. `many` may be given often, and takes further values behind one name while `more` agrees. */
export type OptionShape =
  | { readonly kind: 'flag' }
  | { readonly kind: 'one'; readonly words?: readonly string[] }
  | { readonly kind: 'many'; readonly more: (value: string) => boolean }

export type OptionShapes = Readonly<Record<string, OptionShape>>

export type Arguments<S extends OptionShapes> = {
  readonly options: {
    readonly [K in keyof S]?: S[K] extends { kind: 'many' } ? readonly string[] : S[K] extends { kind: 'flag' } ? true : string
  }
  readonly operands: readonly string[]
}

/** The command line cannot be understood; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Reads `--name value`, `--name=value` and operands, in any order; behind `--` everything is an operand. Throws {@link UsageError}. */
export function readArguments<const S extends OptionShapes>(given: readonly string[], shapes: S): Arguments<S> {
  const options = new Map<string, string | true | string[]>()
  const operands: string[] = []
  for (let index = 0; index < given.length; index++) {
    const argument = given[index] ?? ''
    if (argument === '--') {
      operands.push(...given.slice(index + 1))
      break
    }
    if (argument === '-' || !argument.startsWith('-')) operands.push(argument)
    else index += readOption(argument, given.slice(index + 1), shapes, options)
  }
  return { options: Object.fromEntries(options) as Arguments<S>['options'], operands }
}

/** Returns how many of the arguments behind it the option took. */
function readOption(
  argument: string,
  behind: readonly string[],
  shapes: OptionShapes,
  options: Map<string, string | true | string[]>,
): number {
  const [, name = '', own] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(argument) ?? []
  const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined
  if (shape === undefined) throw new UsageError(`There is no option ${argument}.${suggestOption(argument, shapes)}`)
  if (shape.kind === 'flag') {
    if (own !== undefined) throw new UsageError(`The option --${name} takes no value.`)
    options.set(name, true)
    return 0
  }
  const value = own ?? behind[0]
  if (value === undefined) throw new UsageError(`The option --${name} needs a value.`)
  if (shape.kind === 'one') {
    options.set(name, oneOf(name, value, shape.words))
    return own === undefined ? 1 : 0
  }
  const further = own === undefined ? behind.slice(1) : []
  const end = further.findIndex((one) => one.startsWith('-') || !shape.more(one))
  const more = end === -1 ? further : further.slice(0, end)
  const before = options.get(name)
  options.set(name, [...(Array.isArray(before) ? before : []), value, ...more])
  return own === undefined ? 1 + more.length : 0
}

function oneOf(name: string, value: string, words: readonly string[] | undefined): string {
  if (words === undefined || words.includes(value)) return value
  throw new UsageError(`Expected ${words.join(' or ')} for --${name}, but it is ${JSON.stringify(value)}.${suggest(value, words)}`)
}

function suggestOption(argument: string, shapes: OptionShapes): string {
  const names = Object.keys(shapes).map((name) => `--${name}`)
  return suggest(argument.split('=')[0] ?? '', names) || ` Known are ${names.join(', ')}.`
}
