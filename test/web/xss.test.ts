import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aRun } from '../benchmark/builders.ts'
import { aBenchmark, ask, aWorkflow, aWorld, completed, finished, opened, type World, waiting } from './builders.ts'

/** Each would run a script, or leave its element or attribute, if it reached a page as it is. */
const payloads = [
  '<script>pwned()</script>',
  '<img src=x onerror=pwned()>',
  '"><svg onload=pwned()>',
  "' onmouseover='pwned()",
  '" onfocus="pwned()" autofocus="',
  '</pre><script>pwned()</script>',
  '</title><script>pwned()</script>',
  '</script><script>pwned()</script>',
  '<!--<script>pwned()</script>',
  '<iframe src="javascript:pwned()">',
  '&lt;script&gt;pwned()&lt;/script&gt;',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is text
  '`${pwned()}`',
  '{{pwned()}}<style>*{display:none}</style>',
] as const

type Place = (payload: string) => { readonly world: World; readonly paths: readonly string[]; readonly ready?: Promise<void> }

const list = '/'
const workflow = (displayId: string) => `/workflows/${encodeURIComponent(displayId)}`
const task = (displayId: string, name: string) => `${workflow(displayId)}/tasks/${encodeURIComponent(name)}`

const places: Readonly<Record<string, Place>> = {
  'a display id': (payload) => ({
    world: aWorld(aWorkflow({ displayId: payload })),
    paths: [list, workflow(payload), task(payload, 'train')],
  }),
  'a spec name': (payload) => ({ world: aWorld(aWorkflow({ displayId: 'a-1', spec: payload })), paths: [list, workflow('a-1')] }),
  'a branch, repository and actor': (payload) => ({
    world: aWorld(
      aWorkflow({
        displayId: 'a-1',
        provenance: { headRef: payload, ref: payload, repository: payload, actor: payload, pullRequest: undefined },
      }),
    ),
    paths: [list, `${list}?repository=7`, workflow('a-1')],
  }),
  'names of tasks, groups and platforms': (payload) => ({
    world: aWorld(
      aWorkflow({ displayId: 'a-1', tasks: { [payload]: { group: payload, template: { platform: payload } }, other: { group: payload } } }),
    ),
    paths: [workflow('a-1'), task('a-1', payload)],
  }),
  'an image and a command': (payload) => ({
    world: aWorld(aWorkflow({ displayId: 'a-1', tasks: { train: { template: { image: payload, command: [payload] } } } })),
    paths: [task('a-1', 'train')],
  }),
  'the message of a failure': (payload) => ({
    world: aWorld(
      aWorkflow({
        displayId: 'a-1',
        status: 'FAILED_START_ERROR',
        tasks: { train: { state: finished({ status: 'FAILED_START_ERROR', message: payload }) } },
      }),
    ),
    paths: [workflow('a-1'), task('a-1', 'train')],
  }),
  'a cancellation and notices': (payload) => ({
    world: aWorld(
      aWorkflow({
        displayId: 'a-1',
        status: 'FAILED_CANCELED',
        plan: { notices: [payload] },
        workflow: { cancellation: { at: opened, by: payload, reason: payload } },
      }),
    ),
    paths: [workflow('a-1')],
  }),
  'the name of the task it waits for': (payload) => ({
    world: aWorld(aWorkflow({ displayId: 'a-1', tasks: { train: { state: waiting, waitsFor: [payload] } } })),
    paths: [workflow('a-1'), task('a-1', 'train')],
  }),
  'metrics and units': (payload) => {
    const view = aWorkflow({
      displayId: 'a-1',
      status: 'COMPLETED',
      tasks: { eval: { state: completed, benchmarks: 'collected', template: { platform: payload } } },
      plan: { benchmarks: [{ ...aBenchmark('eval'), metrics: { [payload]: { gate: true, required: false, unit: payload } } }] },
    })
    const world = aWorld(view)
    world.samples.put(view, 'eval', [
      aRun('head', 0, JSON.stringify({ metrics: { [payload]: { value: 4, unit: payload }, [`${payload}2`]: 5 } })),
    ])
    return { world, paths: [workflow('a-1')] }
  },
  'a log': (payload) => {
    const view = aWorkflow({ displayId: 'a-1' })
    const world = aWorld(view)
    return { world, paths: [task('a-1', 'train')], ready: world.logs.print(view, 'train', 0, payload) }
  },
}

describe('untrusted text on pages', () => {
  for (const [where, place] of Object.entries(places)) {
    for (const payload of payloads) {
      it(`${payload} as ${where}`, async () => {
        const { world, paths, ready } = place(payload)
        await ready
        for (const path of paths) await assertHarmless(world, path)
      })
    }
  }
})

/** The page has the elements and attributes that it would have with a plain name. */
async function assertHarmless(world: World, path: string): Promise<void> {
  const response = await ask(world, path)
  assert.equal(response.status, 200, path)
  const text = (await response.text()).replace(/<(script|style) nonce="[^"]+">[\s\S]*?<\/\1>/g, '')
  assert.match(text, /pwned\(\)|pwned%28%29/, 'the text is there')
  const tags = [...text.matchAll(/<\/?([a-z!][a-z0-9-]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*\/?>/gi)]
  const outside = text.replace(/<\/?([a-z!][a-z0-9-]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*\/?>/gi, '')
  assert.doesNotMatch(outside, /[<>]/, 'every angle bracket belongs to a tag of ours')
  for (const [tag, name = '', attributes = ''] of tags) {
    assert.doesNotMatch(name, /^(script|iframe|img|style)$/i, tag)
    assert.doesNotMatch(attributes, /="\s*javascript:/i, tag)
    assert.doesNotMatch(attributes.replace(/="[^"]*"/g, ''), /\son|autofocus/i, tag)
  }
}
