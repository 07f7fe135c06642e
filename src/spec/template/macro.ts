import { dictFrom } from './dicts.ts'
import { evaluate } from './evaluate.ts'
import { typeFault } from './limits.ts'
import { type CallArguments, type Callable, tuple, undefinedValue, type Value } from './objects.ts'
import type { Renderer } from './renderer.ts'
import { Scope } from './scope.ts'
import type { Body, MacroSignature } from './syntax.ts'

/** A macro, or the body of a call block, which has no name. */
export function macroOf(name: string | undefined, signature: MacroSignature, body: Body, scope: Scope, renderer: Renderer): Callable {
  const parameters = signature.parameters.map((parameter) => parameter.name)
  return {
    kind: 'callable',
    description: name === undefined ? 'caller' : `macro "${name}"`,
    macro: { name, parameters, accepts: acceptedBy(signature) },
    call: (given) => {
      const { at } = renderer
      const inner = new Scope(scope)
      bindParameters(name ?? 'caller', signature, given, inner, renderer)
      const text = renderer.aside(() => renderer.render(body, inner))
      renderer.at = at
      return renderer.markup(text)
    },
  }
}

function acceptedBy({ parameters, mentions }: MacroSignature): Readonly<Record<string, boolean>> {
  const names = new Set(parameters.map(({ name }) => name))
  return {
    catch_kwargs: mentions.has('kwargs') && !names.has('kwargs'),
    catch_varargs: mentions.has('varargs') && !names.has('varargs'),
    caller: mentions.has('caller'),
    explicit_caller: names.has('caller'),
  }
}

function bindParameters(name: string, signature: MacroSignature, given: CallArguments, scope: Scope, renderer: Renderer): void {
  const rest = new Map(given.named)
  signature.parameters.forEach((parameter, index) => {
    const positional = given.positional[index]
    const value = positional === undefined ? rest.get(parameter.name) : positional
    if (positional === undefined) rest.delete(parameter.name)
    if (value !== undefined) renderer.setName(parameter.name, value, scope)
    else if (parameter.fallback !== undefined) scope.set(parameter.name, evaluate(parameter.fallback, scope, renderer))
    else scope.set(parameter.name, missingParameter(parameter.name, name))
  })
  bindCaller(signature, rest, scope)
  bindRest(name, signature, given, rest, scope, renderer)
}

function missingParameter(parameter: string, macro: string): Value {
  if (parameter === 'caller')
    return undefinedValue('Expected {% call %} around this macro, and it was called without. Use {% call %}, or test "caller is defined".')
  return undefinedValue(
    `Expected a value for "${parameter}" of macro "${macro}", and the call gives none. Add it, or give the parameter a default.`,
  )
}

function bindCaller(signature: MacroSignature, rest: Map<string, Value>, scope: Scope): void {
  const declared = signature.parameters.some((parameter) => parameter.name === 'caller')
  if (!signature.mentions.has('caller') || declared) return
  scope.set('caller', rest.get('caller') ?? missingParameter('caller', ''))
  rest.delete('caller')
}

function bindRest(
  name: string,
  signature: MacroSignature,
  given: CallArguments,
  rest: Map<string, Value>,
  scope: Scope,
  renderer: Renderer,
): void {
  const extra = given.positional.slice(signature.parameters.length)
  if (signature.mentions.has('kwargs')) scope.set('kwargs', dictFrom(rest, renderer.meter))
  else if (rest.size > 0) typeFault(unexpectedNamed(name, [...rest.keys()][0] ?? '', signature))
  if (signature.mentions.has('varargs')) scope.set('varargs', tuple(extra))
  else if (extra.length > 0)
    typeFault(`Expected at most ${signature.parameters.length} arguments for macro "${name}", got ${given.positional.length}. Remove some.`)
}

function unexpectedNamed(macro: string, argument: string, signature: MacroSignature): string {
  if (argument === 'caller')
    return `Expected a macro that uses caller() in {% call %}, and "${macro}" does not. Call it with {{ ${macro}(…) }}.`
  const names = signature.parameters.map((parameter) => parameter.name)
  return `Expected ${names.length === 0 ? 'no named arguments' : `arguments named ${names.join(', ')}`} for macro "${macro}", got "${argument}". Remove it.`
}
