import { benchmarksShape } from './git/benchmarks-shape.ts'
import { checkoutShape } from './git/checkout-shape.ts'
import { concurrencyShape } from './git/concurrency-shape.ts'
import { triggersShape } from './git/triggers-shape.ts'
import { keyDescriptions } from './key-descriptions.ts'
import { workflowShape } from './osmo/workflow.ts'
import { platformFields } from './platform-config.ts'
import { settingsFields } from './repository-config.ts'
import type { JsonSchema } from './shape/shape.ts'

const dialect = 'https://json-schema.org/draft/2020-12/schema'

/**
 * JSON Schema of a spec file, for completion and hints in editors, made of the shapes that also validate. What stands between keys (names,
 * order, templates) is beyond it: `osmo validate` says that.
 */
export function specSchema(): JsonSchema {
  return describe({
    $schema: dialect,
    title: 'A workflow spec below .osmo/',
    type: 'object',
    properties: {
      version: { type: ['integer', 'string', 'number'] },
      on: triggersShape.schema,
      concurrency: concurrencyShape.schema,
      checkout: checkoutShape.schema,
      benchmarks: benchmarksShape.schema,
      'default-values': { type: ['object', 'null'] },
      workflow: templated(workflowShape.schema) as JsonSchema,
    },
    required: ['workflow'],
    additionalProperties: false,
  })
}

/** A value that a template makes is text with a template's brackets in the file that an editor sees. */
const template: JsonSchema = { type: 'string', pattern: '\\{\\{|\\{%' }

/** Lets a template stand wherever another scalar, or text of a certain form, is due. */
function templated(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(templated)
  if (typeof value !== 'object' || value === null) return value
  const { default: absent, ...schema } = value as JsonSchema
  if (isCertainScalar(schema)) return { anyOf: [schema, template], ...(absent !== undefined && { default: absent }) }
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, templated(child)]))
}

function isCertainScalar(schema: JsonSchema): boolean {
  if (Array.isArray(schema.enum)) return true
  const types = Array.isArray(schema.type) ? schema.type : [schema.type]
  if (!types.every((type) => ['string', 'number', 'integer', 'boolean'].includes(String(type)))) return false
  return !types.includes('string') || schema.pattern !== undefined
}

/** JSON Schema of `.osmo/config.yaml`. */
export function settingsSchema(): JsonSchema {
  return describe({ $schema: dialect, title: "A repository's settings, .osmo/config.yaml", ...settingsFields.schema })
}

/** JSON Schema of the administrator's file. */
export function platformSchema(): JsonSchema {
  return describe({ $schema: dialect, title: "The administrator's file", ...platformFields.schema })
}

/** Adds to each key what it means, where its path is known. */
function describe(schema: JsonSchema): JsonSchema {
  return walk(schema, []) as JsonSchema
}

function walk(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, path))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, child]) => [key, key === 'properties' ? properties(child, path) : walk(child, path)])
  return Object.fromEntries(entries)
}

function properties(value: unknown, path: readonly string[]): unknown {
  const entries = Object.entries(value as Record<string, JsonSchema>).map(([name, schema]) => {
    const own = [...path, name]
    const description = keyDescriptions[own.join('.')] ?? keyDescriptions[own.slice(-2).join('.')] ?? keyDescriptions[name]
    return [name, { ...(walk(schema, own) as JsonSchema), ...(description !== undefined && { description }) }]
  })
  return Object.fromEntries(entries)
}
