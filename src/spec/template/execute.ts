import { callValue } from './arguments.ts'
import { assign } from './assignment.ts'
import { getAttribute, getItem } from './attributes.ts'
import {
  renderAutoescape,
  renderBlock,
  renderCallBlock,
  renderFilterBlock,
  renderIf,
  renderSetBlock,
  renderWith,
} from './block-statements.ts'
import { escapeMarkup } from './escaping.ts'
import { evaluate } from './evaluate.ts'
import { filters } from './filters.ts'
import { renderFor } from './for-statement.ts'
import { globals } from './globals.ts'
import { type Meter, maximumFaults, type Span, TemplateFailure, type TemplateFault } from './limits.ts'
import { macroOf } from './macro.ts'
import { type CallArguments, isObject, textOf, unknownValue, type Value } from './objects.ts'
import { Origins } from './origins.ts'
import type { ParsedTemplate } from './parser.ts'
import { poison } from './poison.ts'
import { printValue } from './printing.ts'
import type { Renderer } from './renderer.ts'
import { Scope } from './scope.ts'
import { MappedOutput } from './source-map.ts'
import { surelyEvaluated, surelyUsedNames } from './sure-names.ts'
import type { Body, Expression, Statement } from './syntax.ts'
import { templateReference } from './template-reference.ts'
import { tests } from './tests.ts'
import { type Names, undefinedName } from './undefined-name.ts'
import { admit } from './values.ts'

export type Execution = { readonly output: MappedOutput; readonly faults: readonly TemplateFault[] }

/**
 * Renders a template. A statement that fails is skipped, so that the faults behind it are found too; where syntax faults left holes, so is what
 * depends on them.
 *
 * @param uncertain names whose values are not known.
 */
export function execute({ body, uncertain }: Pick<ParsedTemplate, 'body' | 'uncertain'>, names: Names, meter: Meter): Execution {
  const interpreter = new Interpreter(body, names, uncertain, meter)
  interpreter.render(body, interpreter.root)
  return { output: interpreter.output, faults: interpreter.faults }
}

class Interpreter implements Renderer {
  readonly output = new MappedOutput()
  readonly faults: TemplateFault[] = []
  readonly meter: Meter
  at: Span = { start: 0, end: 0 }
  escaping: 'plain' | 'escaped' = 'plain'
  readonly root = new Scope()
  readonly #template: Body
  #self: Value | undefined
  readonly #names: Names
  readonly #uncertain: ReadonlySet<string>
  /** A loop or macro would make a simple one of them fail again and again. */
  readonly #failed = new Set<Statement>()
  /** Where text goes instead of the output: the inside of a macro, a block or a filter. */
  #capture: MappedOutput | undefined
  readonly #origins = new Origins()
  #ended = false
  #repetitions = 0

  constructor(template: Body, names: Names, uncertain: ReadonlySet<string>, meter: Meter) {
    this.#template = template
    this.#names = names
    this.#uncertain = uncertain
    this.meter = meter
  }

  get hasEnded(): boolean {
    return this.#ended
  }

  lookUp(name: string, span: Span, scope: Scope): Value {
    this.meter.step(scope.depth / 16)
    if (this.#uncertain.has(name)) return unknownValue(span)
    for (const names of [scope, this.#names, globals]) {
      const value = names.get(name)
      // None is a value, so `??` would look behind it.
      if (value === undefined) continue
      if (names === scope && this.#origins.hasAny && textOf(value) !== undefined) this.#origins.meet(scope.originOf(name))
      return value
    }
    return name === 'self'
      ? this.#reference()
      : undefinedName(name, span, () => [...scope.names(), ...this.#names.known(), ...globals.keys()])
  }

  #reference(): Value {
    this.#self ??= templateReference(this.#template, this)
    return this.#self
  }

  call(target: Value, given: CallArguments): Value {
    this.meter.step()
    this.meter.enter()
    const value = callValue(target, given, this)
    this.meter.leave()
    return value
  }

  attribute(target: Value, name: string): Value {
    return getAttribute(target, name, this.at, this)
  }

  item(target: Value, index: Value): Value {
    return getItem(target, index, this.at, this)
  }

  applyFilter(name: string, value: Value, given: CallArguments): Value {
    this.meter.step()
    return filters.apply(name, value, given, this)
  }

  applyTest(name: string, value: Value, given: CallArguments): boolean {
    this.meter.step()
    return tests.apply(name, value, given, this)
  }

  aside(render: () => void): string {
    const outer = this.#capture
    const met = this.#origins.begin()
    const inner = new MappedOutput()
    this.#capture = inner
    try {
      render()
    } finally {
      this.#capture = outer
      this.#origins.resume(met)
    }
    const text = inner.text()
    const captured = inner.captured(text)
    if (captured !== undefined) this.#origins.made(captured)
    return text
  }

  setName(name: string, value: Value, scope: Scope): void {
    scope.set(name, value)
    const text = textOf(value)
    const origin = text === undefined ? undefined : this.#origins.of(text)
    if (origin !== undefined) scope.setOrigin(name, origin)
  }

  render(body: Body, scope: Scope): void {
    for (const statement of body) {
      if (this.#ended) return
      if (statement.kind === 'text') this.write(statement.text, statement, 'exact')
      else this.#guarded(statement, scope)
    }
  }

  #guarded(statement: Statement, scope: Scope): void {
    const { depth } = this.meter
    if (this.#failed.has(statement) && isSimple(statement)) {
      this.meter.step()
      poison(statement, scope, this)
      return
    }
    this.at = statement.kind === 'print' ? statement.value : statement
    const met = this.#origins.begin()
    try {
      this.meter.step()
      this.meter.enter()
      this.#statement(statement, scope)
      this.meter.leave()
    } catch (error) {
      this.meter.depth = depth
      this.report(error)
      if (!this.#failed.has(statement)) this.reportNames(surelyEvaluated(statement), scope)
      this.#failed.add(statement)
      if (!this.#ended) poison(statement, scope, this)
    }
    this.#origins.resume(met)
  }

  reportNames(node: Expression | undefined, scope: Scope): void {
    if (node === undefined || this.#ended) return
    for (const name of surelyUsedNames(node)) {
      try {
        admit(this.lookUp(name.name, name, scope))
      } catch (error) {
        this.report(error)
      }
    }
  }

  report(error: unknown): void {
    if (!(error instanceof TemplateFailure)) throw error
    if (this.#ended) return
    const span = error.span ?? this.at
    // A loop would say it again for each of its values.
    const known = this.faults.some(({ offset, endOffset, code }) => offset === span.start && endOffset === span.end && code === error.code)
    if ((known || error.repeated) && ++this.#repetitions >= maximumRepetitions) this.#ended = true
    if (!error.repeated && !known) this.faults.push({ code: error.code, offset: span.start, endOffset: span.end, message: error.message })
    if (error.code.startsWith('limit/') || this.faults.length >= maximumFaults) this.#ended = true
  }

  #statement(statement: Statement, scope: Scope): void {
    switch (statement.kind) {
      case 'text':
        this.write(statement.text, statement, 'exact')
        break
      case 'print':
        this.#print(statement.value, statement, scope)
        break
      case 'if':
        renderIf(statement, scope, this)
        break
      case 'for':
        renderFor(statement, scope, this)
        break
      case 'set':
        assign(statement.target, evaluate(statement.value, scope, this), scope, this)
        break
      case 'set-block':
        renderSetBlock(statement, scope, this)
        break
      case 'macro':
        scope.set(statement.name, macroOf(statement.name, statement.signature, statement.body, scope, this))
        break
      case 'call-block':
        renderCallBlock(statement, scope, this)
        break
      case 'filter-block':
        renderFilterBlock(statement, scope, this)
        break
      case 'with':
        renderWith(statement, scope, this)
        break
      case 'autoescape':
        renderAutoescape(statement, scope, this)
        break
      case 'block':
        renderBlock(statement, scope, this)
    }
  }

  #print(node: Expression, span: Span, scope: Scope): void {
    const value = evaluate(node, scope, this)
    this.at = node
    this.write(this.textOf(value), span, 'whole')
  }

  textOf(value: Value): string {
    if (isObject(value) && value.kind === 'instance' && value.print !== undefined) return value.print(this)
    return this.escaping === 'escaped' ? escapeMarkup(value, this.meter) : printValue(value, this.meter)
  }

  write(text: string, span: Span, mapping: 'exact' | 'whole'): void {
    if (this.#capture === undefined) this.meter.output(text)
    else this.meter.text(text.length)
    if (this.#capture !== undefined && this.#origins.countPiece() === 'many') this.#capture.forgetSources()
    const target = this.#capture ?? this.output
    const origin = mapping === 'whole' ? this.#origins.of(text) : undefined
    if (origin !== undefined) target.writeCaptured(origin, span)
    else target.write(text, span, text.length === span.end - span.start ? mapping : 'whole')
  }

  markup(text: string): Value {
    return this.escaping === 'escaped' ? { kind: 'markup', text } : text
  }
}

/** Faults of loops that say nothing new, of which each costs as much as a hundred steps. */
const maximumRepetitions = 2_000

function isSimple({ kind }: Statement): boolean {
  return kind === 'print' || kind === 'set'
}
