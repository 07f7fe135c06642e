import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormatsPlugin, { type FormatsPlugin } from 'ajv-formats'
import type { Delivery, Exchange } from '../../src/github-twin/server.ts'

const fixtures = join(import.meta.dirname, '../fixtures/third-party')
const addFormats = addFormatsPlugin as unknown as FormatsPlugin

type Node = { [key: string]: unknown }
type Rest = { paths: Record<string, Record<string, { requestBody?: Node; responses: Record<string, Node> }>>; components: Node }
type Hooks = { webhooks: Record<string, Node>; components: Node }

/** Compares what the twin says with GitHub's own descriptions, and keeps what does not fit. */
export type Description = {
  /** Each line says what was answered where and what is wrong with it. */
  readonly problems: string[]
  /** `GET /app 200` for each kind of answer seen. */
  readonly seen: Set<string>
  readonly exchanged: (exchange: Exchange) => void
  readonly delivered: (delivery: Delivery) => void
}

export function createDescription(): Description {
  const rest = compilerOf<Rest>('github-openapi.json')
  const hooks = compilerOf<Hooks>('github-webhooks.json')
  const problems: string[] = []
  const seen = new Set<string>()
  const check = (what: string, validate: ValidateFunction | undefined, value: unknown) => {
    seen.add(what)
    if (validate === undefined) problems.push(`${what}: GitHub's description has no such thing`)
    else if (!validate(value)) problems.push(`${what}: ${explain(validate)}`)
  }
  return {
    problems,
    seen,
    exchanged({ method, template, status, body, path }) {
      if (status >= 400)
        return check(
          `error ${status}`,
          rest.compile('error', () => errorSchema),
          body,
        )
      if (template === undefined) return void problems.push(`${method} ${path}: ${status} without a route`)
      if (status >= 300) return void seen.add(`${method} ${template} ${status}`)
      const schema = (all: Rest) => all.paths[template]?.[method.toLowerCase()]?.responses[String(status)]
      check(`${method} ${template} ${status}`, rest.compile(`${method} ${template} ${status}`, schema), body ?? {})
    },
    delivered(delivery) {
      const name = [delivery.event, delivery.action]
        .filter((part) => part !== null)
        .join('-')
        .replaceAll('_', '-')
      check(
        `webhook ${name}`,
        hooks.compile(name, (all) => all.webhooks[name]),
        JSON.parse(delivery.payload),
      )
    },
  }
}

const errorSchema = {
  type: 'object',
  required: ['message', 'documentation_url', 'status'],
  properties: { message: { type: 'string' }, documentation_url: { type: 'string' }, status: { type: 'string' }, errors: { type: 'array' } },
}

/** Schemas are compiled when first needed: all of them together take seconds. */
function compilerOf<T extends { components: Node }>(file: string) {
  const all = JSON.parse(readFileSync(join(fixtures, file), 'utf8'), widenNullable) as T
  const ajv = new Ajv({ strict: false, allErrors: false, validateFormats: true })
  addFormats(ajv)
  ajv.addSchema({ $id: 'github', components: all.components })
  const compiled = new Map<string, ValidateFunction | undefined>()
  return {
    compile(name: string, find: (all: T) => Node | undefined): ValidateFunction | undefined {
      if (!compiled.has(name)) {
        const schema = find(all)
        compiled.set(name, schema === undefined ? undefined : ajv.compile(absolute(schema) as Node))
      }
      return compiled.get(name)
    },
  }
}

/** OpenAPI 3.0 writes `nullable: true`, also where there is no `type` for a JSON Schema validator to widen. */
function widenNullable(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('nullable' in value)) return value
  const { nullable, ...schema } = value as Node
  return nullable === true ? { anyOf: [{ type: 'null' }, schema] } : schema
}

function absolute(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(absolute)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, key === '$ref' && typeof value === 'string' ? `github${value}` : absolute(value)]),
  )
}

function explain(validate: ValidateFunction): string {
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`).join('; ')
}
