import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { strangers } from './imports.ts'

it('nobody imports whom the table does not allow', () => {
  assert.deepEqual(strangers('src'), [])
})

const examples = [
  ['workflow/fold.ts', "import { parse } from '../spec/parse.ts'", 'forbidden'],
  ['workflow/fold.ts', "import type { Spec } from '../spec/types.ts'", 'allowed'],
  ['store/views.ts', "import { createQueue } from '../queue/redis.ts'", 'forbidden'],
  ['engine/engine.ts', "import { fold } from '../workflow/fold.ts'", 'allowed'],
  ['github-twin/server.ts', "import type { Spec } from '../spec/types.ts'", 'forbidden'],
  ['web/app.ts', "export { x } from '../data/objects.ts'", 'forbidden'],
  ['web/app.ts', "const x = await import('../data/objects.ts')", 'forbidden'],
] as const

for (const [file, text, verdict] of examples) {
  it(`${file}: ${text} is ${verdict}`, (test) => {
    const root = mkdtempSync(join(tmpdir(), 'imports-'))
    test.after(() => rmSync(root, { recursive: true }))
    mkdirSync(join(root, file.split('/')[0]!), { recursive: true })
    writeFileSync(join(root, file), `${text}\n`)
    assert.equal(strangers(root).length, verdict === 'forbidden' ? 1 : 0)
  })
}
