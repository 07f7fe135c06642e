/** Places in the template's source, as offsets in UTF-16 units; the end is exclusive. */
export type Span = { readonly start: number; readonly end: number }

export type FaultCode =
  | 'template/syntax'
  | 'template/undefined'
  | 'template/unknown-filter'
  | 'template/unknown-test'
  | 'template/type'
  | 'template/value'
  | 'template/unsafe'
  | 'template/unsupported'
  | 'limit/template-steps'
  | 'limit/template-output'
  | 'limit/template-memory'
  | 'limit/template-depth'
  | 'limit/template-integer'
  | 'limit/template-source'

export type TemplateFault = {
  readonly code: FaultCode
  /** In the source given to `renderTemplate`. */
  readonly offset: number
  readonly endOffset: number
  readonly message: string
}

/** One more than is shown of a file, so that it is said that there are more. */
export const maximumFaults = 201

/** Counted, never timed, so that one spec gives one answer on every machine. */
export type RenderLimits = {
  /** Source text, in UTF-8 bytes. */
  readonly sourceBytes: number
  /** Expressions evaluated, items visited, and work on texts and large integers by their size. One is worth about half a microsecond. */
  readonly steps: number
  /** Rendered text, in UTF-8 bytes. */
  readonly outputBytes: number
  /** One text inside the template, in characters. */
  readonly textLength: number
  /** Everything ever created while rendering: a byte for each character, sixteen for each list item. */
  readonly memoryBytes: number
  /** Expressions, statements, macro calls and printed lists inside each other. */
  readonly depth: number
  /** Size of one integer. Python refuses to print more than 4300 digits, which are 14284 bits. */
  readonly integerBits: number
}

export const defaultLimits: RenderLimits = {
  sourceBytes: 4 * 1024 * 1024,
  steps: 2_000_000,
  outputBytes: 4 * 1024 * 1024,
  textLength: 4 * 1024 * 1024,
  memoryBytes: 256 * 1024 * 1024,
  depth: 600,
  integerBits: 14_284,
}

/** Ends the statement that is being rendered; `render` turns it into a fault. `span` absent: where the interpreter stands. */
export class TemplateFailure extends Error {
  override readonly name = 'TemplateFailure'
  readonly code: FaultCode
  readonly span: Span | undefined
  /** A value that failed before is used again: the person has been told. */
  readonly repeated: boolean

  constructor(code: FaultCode, message: string, span?: Span, repeated: 'new' | 'repeated' = 'new') {
    super(message)
    this.code = code
    this.span = span
    this.repeated = repeated === 'repeated'
  }
}

export function typeFault(message: string): never {
  throw new TemplateFailure('template/type', message)
}

export function valueFault(message: string): never {
  throw new TemplateFailure('template/value', message)
}

export function unsupportedFault(message: string): never {
  throw new TemplateFailure('template/unsupported', message)
}

const charactersPerStep = 50
const comparisonsPerStep = 500
const piecesPerStep = 4
/** Below, arithmetic costs no more than the expression. */
const smallInteger = 2n ** 128n

/** Counts what a rendering uses and ends it at its limits, before anything is allocated. */
export class Meter {
  readonly limits: RenderLimits
  depth = 0
  #steps = 0
  #memoryBytes = 0
  #outputBytes = 0

  constructor(limits: RenderLimits) {
    this.limits = limits
  }

  step(count = 1): void {
    this.#steps += count
    if (this.#steps > this.limits.steps) {
      throw new TemplateFailure(
        'limit/template-steps',
        `Expected at most ${this.limits.steps} steps, and this template takes more. Make its loops shorter.`,
      )
    }
  }

  /** A text is about to be made, or as much of one that is `total` characters long by then. */
  text(length: number, total = length): void {
    if (total > this.limits.textLength) {
      const made = total === length ? `one of ${length}` : 'a longer one'
      const message = `Expected texts of at most ${this.limits.textLength} characters, and this expression makes ${made}. Make it shorter.`
      throw new TemplateFailure('limit/template-memory', message)
    }
    this.#reserve(length)
    this.scan(length)
  }

  /** A list, tuple or mapping gets this many more entries. */
  items(count: number): void {
    this.#reserve(count * 16)
    this.step(count)
  }

  /** A text is copied, compared or searched: no memory, but work by its length. The worst search looks at all of the pattern everywhere. */
  scan(length: number, patternLength = 1): void {
    this.step(length / charactersPerStep + (length * (patternLength - 1)) / comparisonsPerStep)
  }

  /** Each character of a text is looked at by itself, or makes a piece of its own. */
  pieces(length: number): void {
    this.step(length / piecesPerStep)
  }

  /** An integer is printed, multiplied or divided. */
  weigh(value: bigint): void {
    if (value < smallInteger && value > -smallInteger) return
    const words = value.toString(32).length / 12
    this.step((words * words) / 60)
  }

  output(text: string): void {
    this.#outputBytes += Buffer.byteLength(text)
    if (this.#outputBytes > this.limits.outputBytes) {
      const message = `Expected at most ${this.limits.outputBytes} bytes of rendered text, and this template makes more. Make its loops shorter.`
      throw new TemplateFailure('limit/template-output', message)
    }
  }

  integer(bits: number): void {
    if (bits <= this.limits.integerBits) return
    const message = `Expected integers of at most ${this.limits.integerBits} bits, and this one would have about ${Math.ceil(bits)}. Use smaller numbers.`
    throw new TemplateFailure('limit/template-integer', message)
  }

  enter(): void {
    if (++this.depth > this.limits.depth) {
      const message = `Expected at most ${this.limits.depth} expressions or calls inside each other, and here are more. Split the expression, or end the recursion.`
      throw new TemplateFailure('limit/template-depth', message)
    }
  }

  leave(): void {
    this.depth--
  }

  #reserve(bytes: number): void {
    this.#memoryBytes += bytes
    if (this.#memoryBytes > this.limits.memoryBytes) {
      const message = `Expected at most ${this.limits.memoryBytes} bytes of texts and lists, and this template makes more. Make its loops and texts smaller.`
      throw new TemplateFailure('limit/template-memory', message)
    }
  }
}
