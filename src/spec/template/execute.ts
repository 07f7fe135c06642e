import { getAttribute, getItem } from './attributes.ts'
import { escapeMarkup } from './escaping.ts'
import { blockTextName, callValue, type Evaluator, evaluate, evaluateArguments } from './evaluate.ts'
import { filters } from './filters.ts'
import { globals } from './globals.ts'
import { collect } from './iteration.ts'
import { type Meter, type RenderLimits, type Span, TemplateFailure, type TemplateFault, typeFault, valueFault } from './limits.ts'
import { Loop } from './loop.ts'
import { macroOf } from './macro.ts'
import { type CallArguments, isObject, type Value } from './objects.ts'
import { printValue } from './printing.ts'
import { Scope } from './scope.ts'
import { MappedOutput } from './source-map.ts'
import type { Body, Expression, ForStatement, IfStatement, MacroSignature, Statement, Target } from './syntax.ts'
import { tests } from './tests.ts'
import { type Names, undefinedName } from './undefined-name.ts'
import { isTrue } from './values.ts'

export type Execution = { readonly output: MappedOutput; readonly faults: readonly TemplateFault[] }

/** Renders a template without syntax faults. A statement that fails is skipped, so that the faults behind it are found too. */
export function execute(body: Body, names: Names, meter: Meter): Execution {
  const interpreter = new Interpreter(names, meter)
  interpreter.run(body)
  return { output: interpreter.output, faults: interpreter.faults }
}

const maximumFaults = 20

export class Interpreter implements Evaluator {
  readonly output = new MappedOutput()
  readonly faults: TemplateFault[] = []
  readonly meter: Meter
  at: Span = { start: 0, end: 0 }
  escaping: 'plain' | 'escaped' = 'plain'
  readonly #names: Names
  readonly #root = new Scope()
  /** Where text goes instead of the output: the inside of a macro, a block or a filter. */
  #capture: string[] | undefined
  #ended = false

  constructor(names: Names, meter: Meter) {
    this.#names = names
    this.meter = meter
  }

  run(body: Body): void {
    this.#body(body, this.#root)
  }

  lookUp(name: string, span: Span, scope: Scope): Value {
    for (const names of [scope, this.#names, globals]) {
      const value = names.get(name)
      // None is a value, so `??` would look behind it.
      if (value !== undefined) return value
    }
    return undefinedName(name, span, [...scope.names(), ...this.#names.known(), ...globals.keys()])
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

  /** Renders a body aside and gives its text. */
  captured(body: Body, scope: Scope): string {
    return this.#aside(() => this.#body(body, scope))
  }

  #aside(render: () => void): string {
    const outer = this.#capture
    const parts: string[] = []
    this.#capture = parts
    try {
      render()
    } finally {
      this.#capture = outer
    }
    return parts.join('')
  }

  #body(body: Body, scope: Scope): void {
    for (const statement of body) {
      if (this.#ended) return
      if (statement.kind === 'text') this.#write(statement.text, statement, 'exact')
      else this.#guarded(statement, scope)
    }
  }

  #guarded(statement: Statement, scope: Scope): void {
    const { depth } = this.meter
    this.at = statement.kind === 'print' ? statement.value : statement
    try {
      this.meter.step()
      this.meter.enter()
      this.#statement(statement, scope)
      this.meter.leave()
    } catch (error) {
      this.#record(error, statement)
      this.meter.depth = depth
      poison(statement, scope)
    }
  }

  #record(error: unknown, statement: Span): void {
    if (!(error instanceof TemplateFailure)) throw error
    if (this.#ended) return
    const span = error.span ?? this.at ?? statement
    // A loop would say it again for each of its values.
    const known = this.faults.some(({ offset, endOffset, code }) => offset === span.start && endOffset === span.end && code === error.code)
    if (!error.repeated && !known) this.faults.push({ code: error.code, offset: span.start, endOffset: span.end, message: error.message })
    if (error.code.startsWith('limit/') || this.faults.length >= maximumFaults) this.#ended = true
  }

  #statement(statement: Statement, scope: Scope): void {
    switch (statement.kind) {
      case 'text':
        this.#write(statement.text, statement, 'exact')
        break
      case 'print':
        this.#print(statement.value, statement, scope)
        break
      case 'if':
        this.#if(statement, scope)
        break
      case 'for':
        this.#for(statement, scope)
        break
      case 'set':
        this.#assign(statement.target, evaluate(statement.value, scope, this), scope)
        break
      case 'set-block':
        this.#setBlock(statement, scope)
        break
      case 'macro':
        scope.set(statement.name, macroOf(statement.name, statement.signature, statement.body, scope, this))
        break
      case 'call-block':
        this.#callBlock(statement, scope)
        break
      case 'filter-block':
        this.#filterBlock(statement, scope)
        break
      case 'with':
        this.#with(statement, scope)
        break
      case 'autoescape':
        this.#autoescape(statement, scope)
        break
      case 'block':
        this.#body(statement.body, new Scope(statement.scoped === 'scoped' ? scope : this.#root))
    }
  }

  #print(node: Expression, span: Span, scope: Scope): void {
    const value = evaluate(node, scope, this)
    this.at = node
    this.#write(this.#text(value), span, 'whole')
  }

  #text(value: Value): string {
    if (isObject(value) && value.kind === 'instance' && value.print !== undefined) return value.print(this)
    return this.escaping === 'escaped' ? escapeMarkup(value, this.meter) : printValue(value, this.meter)
  }

  #write(text: string, span: Span, mapping: 'exact' | 'whole'): void {
    if (this.#capture === undefined) {
      this.meter.output(text)
      this.output.write(text, span, text.length === span.end - span.start ? mapping : 'whole')
    } else {
      this.meter.text(text.length)
      this.#capture.push(text)
    }
  }

  #if(statement: IfStatement, scope: Scope): void {
    for (const { test, body } of statement.branches) {
      const value = evaluate(test, scope, this)
      this.at = test
      if (isTrue(value)) {
        this.#body(body, scope)
        return
      }
    }
    this.#body(statement.otherwise, scope)
  }

  #for(statement: ForStatement & Span, scope: Scope): void {
    const source = evaluate(statement.iterable, scope, this)
    this.#iterate(statement, source, 0, scope)
  }

  #iterate(statement: ForStatement & Span, source: Value, depth: number, scope: Scope): void {
    this.at = statement.iterable
    const items = statement.filter === undefined ? source : this.#filtered(statement, statement.filter, source, scope)
    const recurse =
      statement.recursion === 'plain' ? undefined : (inner: Value, innerDepth: number) => this.#recurse(statement, inner, innerDepth, scope)
    const loop = new Loop(items, depth, recurse, this.meter)
    const variable = loop.variable()
    let count = 0
    for (let item = loop.next(); item !== undefined && !this.#ended; item = loop.next()) {
      const inner = new Scope(scope)
      this.at = statement.target
      this.#assign(statement.target, item, inner)
      inner.set('loop', variable)
      this.#body(statement.body, inner)
      this.at = statement.iterable
      count++
    }
    if (count === 0) this.#body(statement.otherwise, new Scope(scope))
  }

  #recurse(statement: ForStatement & Span, items: Value, depth: number, scope: Scope): Value {
    const { at } = this
    this.meter.enter()
    const text = this.#aside(() => this.#iterate(statement, items, depth, scope))
    this.meter.leave()
    this.at = at
    return this.markup(text)
  }

  /** `{% for x in xs if … %}`: items are tested as the loop asks for them. */
  #filtered(statement: ForStatement, filter: Expression, source: Value, scope: Scope): Value {
    const outer = new Loop(source, 0, undefined, this.meter)
    const next = (): IteratorResult<Value> => {
      for (let item = outer.next(); item !== undefined; item = outer.next()) {
        const inner = new Scope(scope)
        this.#assign(statement.target, item, inner)
        if (isTrue(evaluate(filter, inner, this))) return { done: false, value: item }
      }
      return { done: true, value: undefined }
    }
    return { kind: 'generator', source: 'for … if', iterator: { next } }
  }

  #assign(target: Target, value: Value, scope: Scope): void {
    if (target.kind === 'name') {
      scope.set(target.name, value)
      return
    }
    if (target.kind === 'namespace') {
      this.#assignAttribute(target, value, scope)
      return
    }
    this.at = target
    const values = collect(value, this.meter)
    if (values.length !== target.items.length)
      valueFault(`Expected ${target.items.length} values to unpack, got ${values.length}. Give as many names as there are values.`)
    for (const [index, item] of target.items.entries()) this.#assign(item, values[index] ?? null, scope)
  }

  #assignAttribute(target: Extract<Target, { kind: 'namespace' }>, value: Value, scope: Scope): void {
    const holder = this.lookUp(target.name, target, scope)
    this.at = target
    if (!isObject(holder) || holder.kind !== 'namespace')
      typeFault(
        `Expected "${target.name}" to be made by namespace(), since only its attributes can be assigned. Write {% set ${target.name} = namespace() %} first.`,
      )
    holder.attributes.set(target.attribute, value)
  }

  #setBlock(statement: Extract<Statement, { kind: 'set-block' }>, scope: Scope): void {
    const text = this.markup(this.captured(statement.body, new Scope(scope)))
    this.#assign(statement.target, statement.filter === undefined ? text : this.#filteredText(statement.filter, text, scope), scope)
  }

  #filteredText(filter: Expression, text: Value, scope: Scope): Value {
    const inner = new Scope(scope)
    inner.set(blockTextName, text)
    return evaluate(filter, inner, this)
  }

  #filterBlock(statement: Extract<Statement, { kind: 'filter-block' }>, scope: Scope): void {
    const text = this.markup(this.captured(statement.body, new Scope(scope)))
    this.#write(this.#text(this.#filteredText(statement.filter, text, scope)), statement.filter, 'whole')
  }

  #callBlock(statement: Extract<Statement, { kind: 'call-block' }>, scope: Scope): void {
    if (statement.call.kind !== 'call') return
    const caller = macroOf(undefined, statement.caller, statement.body, scope, this)
    const target = evaluate(statement.call.target, scope, this)
    const given = evaluateArguments(statement.call.given, scope, this)
    this.at = statement.call
    const value = this.call(target, { positional: given.positional, named: new Map([...given.named, ['caller', caller]]) })
    this.#write(this.#text(value), statement.call, 'whole')
  }

  #with(statement: Extract<Statement, { kind: 'with' }>, scope: Scope): void {
    const inner = new Scope(scope)
    for (const [target, expression] of statement.bindings) this.#assign(target, evaluate(expression, scope, this), inner)
    this.#body(statement.body, inner)
  }

  #autoescape(statement: Extract<Statement, { kind: 'autoescape' }>, scope: Scope): void {
    const outer = this.escaping
    this.escaping = isTrue(evaluate(statement.enabled, scope, this)) ? 'escaped' : 'plain'
    try {
      this.#body(statement.body, new Scope(scope))
    } finally {
      this.escaping = outer
    }
  }

  /** What a rendered body is as a value. */
  markup(text: string): Value {
    return this.escaping === 'escaped' ? { kind: 'markup', text } : text
  }
}

/** Names that a failed statement would have set: their use is no second fault. */
function poison(statement: Statement, scope: Scope): void {
  if (statement.kind === 'set' || statement.kind === 'set-block') poisonTarget(statement.target, scope)
  if (statement.kind !== 'if') return
  for (const body of [...statement.branches.map((branch) => branch.body), statement.otherwise])
    for (const inner of body) poison(inner, scope)
}

function poisonTarget(target: Target, scope: Scope): void {
  if (target.kind === 'name')
    scope.set(target.name, { kind: 'undefined', reason: 'undefined', message: '', span: target, state: 'reported' })
  if (target.kind === 'tuple') for (const item of target.items) poisonTarget(item, scope)
}

export type { MacroSignature, RenderLimits }
