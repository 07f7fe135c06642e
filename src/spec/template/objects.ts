import type { Meter, Span } from './limits.ts'

/**
 * Python's values as this engine holds them: `int` is `bigint`, `float` is `number`, `None` is `null`; everything that is not a
 * primitive is one of our own records, told apart by `kind`. No JavaScript object of anybody else is ever among them.
 */
export type Value = string | bigint | number | boolean | null | PythonObject

export type PythonObject = List | Tuple | Dict | Range | Moment | Markup | Undefined | Callable | Namespace | Generator | View | Instance

export type List = { readonly kind: 'list'; items: Value[] }
export type Tuple = { readonly kind: 'tuple'; readonly items: readonly Value[]; readonly fields?: readonly string[] }
/** Keyed by `hashKey` of the Python key, in order of insertion. */
export type Dict = { readonly kind: 'dict'; readonly entries: Map<string, readonly [Value, Value]> }
export type Range = {
  readonly kind: 'range'
  readonly start: bigint
  readonly stop: bigint
  readonly step: bigint
  readonly length: number
}
/** A `datetime.date` or `datetime.datetime`. */
export type Moment = {
  readonly kind: 'moment'
  readonly precision: 'date' | 'datetime'
  /** Year, month, day, hour, minute, second, microsecond. */
  readonly parts: readonly number[]
  /** Absent: naive. */
  readonly offsetSeconds: number | undefined
}
/** Text that `escape` leaves alone. */
export type Markup = { readonly kind: 'markup'; readonly text: string }
/**
 * Any use but a test or a default is a fault with this message (Jinja's StrictUndefined); `lenient` is what an inline "if" without
 * "else" gives, which Jinja prints as nothing and takes for false and for an empty list.
 */
export type Undefined = {
  readonly kind: 'undefined'
  readonly reason: 'undefined' | 'unsafe' | 'lenient'
  /** Put into words when it is a fault: most undefined values meet a test or a default. */
  readonly message: () => string
  readonly span: Span | undefined
  readonly state: 'new' | 'reported'
}
export type Callable = {
  readonly kind: 'callable'
  /** As in `function "range"`. */
  readonly description: string
  /** A macro prints as Jinja's `<Macro 'name'>`. */
  readonly macro:
    | {
        readonly name: string | undefined
        readonly parameters: readonly string[]
        /** Its attributes that say whether it takes `varargs`, `kwargs` and a `caller`. */
        readonly accepts: Readonly<Record<string, boolean>>
      }
    | undefined
  readonly call: (given: CallArguments, machine: Machine) => Value
}
export type Namespace = { readonly kind: 'namespace'; readonly attributes: Map<string, Value> }
/** Runs once, on demand, as Python's generators do. */
export type Generator = { readonly kind: 'generator'; readonly source: string; readonly iterator: Iterator<Value> }
export type View = { readonly kind: 'view'; readonly part: 'keys' | 'values' | 'items'; readonly dict: Dict }
/** `loop`, a cycler, a joiner: attributes by a function of ours, never by a JavaScript property. */
export type Instance = {
  readonly kind: 'instance'
  readonly typeName: string
  readonly attribute: (name: string, machine: Machine) => Value | undefined
  /** Of its attributes, for a suggestion. */
  readonly names: readonly string[]
  readonly call: ((given: CallArguments, machine: Machine) => Value) | undefined
  readonly print: ((machine: Machine) => string) | undefined
  readonly iterator: (() => Iterator<Value>) | undefined
  readonly length: (() => number) | undefined
}

export type CallArguments = { readonly positional: readonly Value[]; readonly named: ReadonlyMap<string, Value> }

/** What filters, tests and methods may ask of the interpreter. */
export interface Machine {
  readonly meter: Meter
  call(target: Value, given: CallArguments): Value
  attribute(target: Value, name: string): Value
  item(target: Value, index: Value): Value
  applyFilter(name: string, value: Value, given: CallArguments): Value
  applyTest(name: string, value: Value, given: CallArguments): boolean
}

export const noArguments: CallArguments = { positional: [], named: new Map() }

export function list(items: Value[]): List {
  return { kind: 'list', items }
}

export function tuple(items: readonly Value[]): Tuple {
  return { kind: 'tuple', items }
}

export function undefinedValue(words: string | (() => string), span?: Span): Undefined {
  const message = typeof words === 'string' ? () => words : words
  return { kind: 'undefined', reason: 'undefined', message, span, state: 'new' }
}

/** A value that is not known because of a fault that has been told: its use is no second one. */
export function unknownValue(span?: Span): Undefined {
  return { kind: 'undefined', reason: 'undefined', message: () => '', span, state: 'reported' }
}

export function callable(description: string, call: Callable['call']): Callable {
  return { kind: 'callable', description, macro: undefined, call }
}

export function generator(source: string, items: Iterable<Value>): Generator {
  return { kind: 'generator', source, iterator: items[Symbol.iterator]() }
}

export function isObject(value: Value): value is PythonObject {
  return typeof value === 'object' && value !== null
}

export function isUndefined(value: Value): value is Undefined {
  return isObject(value) && value.kind === 'undefined'
}

export function isDict(value: Value): value is Dict {
  return isObject(value) && value.kind === 'dict'
}

/** The characters of a `str` (Markup is one), or nothing. */
export function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value
  return isObject(value) && value.kind === 'markup' ? value.text : undefined
}
