import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { eventPermissions, routes } from '../../src/github/permissions.ts'
import { translators } from '../../src/github/translate.ts'

const root = new URL('../../', import.meta.url)
const text = readFileSync(new URL('app.yml', root), 'utf8')
const Manifest = z.object({
  hook_attributes: z.object({ url: z.url(), active: z.literal(true) }),
  public: z.literal(false),
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
})
const manifest = Manifest.parse(parse(text))

/** GitHub sends these to every app; they cannot be subscribed to. */
const compulsoryEvents = ['installation', 'installation_repositories']

describe('the manifest of the app', () => {
  it('subscribes to the events that are understood, and to no others', () => {
    const understood = Object.keys(translators).filter((event) => !compulsoryEvents.includes(event))
    assert.deepEqual(manifest.default_events, understood.sort())
  })

  it('asks for what its routes and events need, and for nothing else', () => {
    assert.deepEqual(manifest.default_permissions, neededPermissions())
  })

  it('gives its reason above each permission and each event', () => {
    const lines = text.split('\n')
    const listed = lines.flatMap((line, index) => (/^ {2}(?:- )?(?:[a-z_]+: (?:read|write)|[a-z_]+)$/.test(line) ? [index] : []))
    assert.equal(listed.length, manifest.default_events.length + Object.keys(manifest.default_permissions).length)
    for (const index of listed) assert.match(lines[index - 1] ?? '', /^ {2}# .{10,}/, `no reason above ${lines[index]}`)
  })

  it('sends webhooks to where the intake listens', () => {
    assert.equal(new URL(manifest.hook_attributes.url).pathname, '/api/github/webhooks')
  })
})

describe('the table of routes', () => {
  it('holds every route that the code calls, and no other', () => {
    assert.deepEqual(routesInCode(), Object.keys(routes).sort())
  })

  it('knows of every event what GitHub wants for it', () => {
    assert.deepEqual(Object.keys(eventPermissions).sort(), manifest.default_events)
  })
})

function neededPermissions(): Record<string, string> {
  const needed: Record<string, string> = {}
  for (const entry of [...Object.values(routes), ...Object.values(eventPermissions)]) {
    const [name = '', level = ''] = entry.split(':')
    if (level !== '' && needed[name] !== 'write') needed[name] = level
  }
  return needed
}

function routesInCode(): readonly string[] {
  const directory = new URL('src/github/', root)
  const files = readdirSync(directory).filter((file) => file.endsWith('.ts') && file !== 'permissions.ts')
  const found = files.flatMap(
    (file) => readFileSync(new URL(file, directory), 'utf8').match(/'(?:GET|POST|PATCH|PUT|DELETE) \/[^']*'/g) ?? [],
  )
  return [...new Set(found.map((quoted) => quoted.slice(1, -1)))].sort()
}
