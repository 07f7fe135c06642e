import type { Json, JsonObject } from '../types.ts'

/**
 * Partial pods, or any Kubernetes objects, merged in their order: mappings key by key, lists by the `name` of their elements with
 * elements that match none added at the end, anything else replaced (osmo-spec.md §6.4). Pure.
 */
export function mergeTemplates(templates: readonly JsonObject[]): JsonObject {
  return templates.reduce(mergeObjects, {})
}

/** Group templates of one kind and name become one object; others stay as they are, in order (osmo-spec.md §6.5). */
export function mergeGroupTemplates(templates: readonly JsonObject[]): readonly JsonObject[] {
  return [...Map.groupBy(templates, identity).values()].map(mergeTemplates)
}

function identity({ apiVersion, kind, metadata }: JsonObject): string {
  return JSON.stringify([apiVersion, kind, isObject(metadata) ? metadata.name : undefined])
}

function mergeObjects(base: JsonObject, over: JsonObject): JsonObject {
  const merged = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(over)) merged.set(key, mergeValues(merged.get(key), value))
  return Object.fromEntries(merged)
}

function mergeValues(base: Json | undefined, over: Json): Json {
  if (isObject(base) && isObject(over)) return mergeObjects(base, over)
  return isList(base) && isList(over) ? mergeLists(base, over) : over
}

function mergeLists(base: readonly Json[], over: readonly Json[]): readonly Json[] {
  const merged = [...base]
  const places = new Map(base.flatMap((item, index) => (nameOf(item) === undefined ? [] : [[nameOf(item), index] as const])))
  for (const item of over) {
    const place = places.get(nameOf(item))
    if (place === undefined || nameOf(item) === undefined) merged.push(item)
    else merged[place] = mergeValues(merged[place], item)
  }
  return merged
}

function nameOf(item: Json): Json | undefined {
  return isObject(item) ? item.name : undefined
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
