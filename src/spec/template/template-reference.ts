import { typeFault } from './limits.ts'
import { callable, type Instance, unknownValue, type Value } from './objects.ts'
import { innerBodies } from './poison.ts'
import type { Renderer } from './renderer.ts'
import { Scope } from './scope.ts'
import type { Body } from './syntax.ts'

/** `self`: its attributes are the blocks of the template, wherever they stand, and calling one renders it once more. */
export function templateReference(template: Body, renderer: Renderer): Instance {
  const blocks = new Map<string, Body>()
  collectBlocks(template, blocks)
  return {
    kind: 'instance',
    typeName: 'TemplateReference',
    attribute: (name) => blockOf(name, blocks, renderer),
    names: [...blocks.keys()],
    call: undefined,
    print: () => '<TemplateReference None>',
    iterator: undefined,
    length: undefined,
  }
}

function collectBlocks(body: Body, blocks: Map<string, Body>): void {
  for (const statement of body) {
    if (statement.kind === 'block') blocks.set(statement.name, statement.body)
    for (const inner of innerBodies(statement)) collectBlocks(inner, blocks)
  }
}

/** A block whose name could not be read may be the one that is meant. */
function blockOf(name: string, blocks: ReadonlyMap<string, Body>, renderer: Renderer): Value | undefined {
  const body = blocks.get(name)
  if (body === undefined) return blocks.has('') ? unknownValue() : undefined
  return callable(`block "${name}"`, ({ positional, named }) => {
    if (positional.length > 0 || named.size > 0) return typeFault(`Expected no arguments for the block "${name}". Remove them.`)
    const { at } = renderer
    const text = renderer.aside(() => renderer.render(body, new Scope(renderer.root)))
    renderer.at = at
    return renderer.markup(text)
  })
}
