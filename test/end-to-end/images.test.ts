import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { findEngine } from '../harness/engines.ts'
import { anInstallation } from '../harness/installation.ts'

const search = await findEngine('podman')
if (search.kind === 'missing' && process.env.CI === 'true') throw new Error(search.reason)

const spec = `workflow:
  name: arms
  tasks:
    - name: old
      image: acme/arm:1
      command: [sh, -c]
      args: ['cp /etc/arm {{output}}/arm']
    - name: new
      image: acme/arm:2
      command: [sh, -c]
      args: ['echo was $(cat {{input:old}}/arm), is $(cat /etc/arm); exit 3']
      inputs: [{task: old}]
on: {push: {branches: [main]}}
`

it('two tasks of one push run in the images that they name', { skip: search.kind === 'missing' && search.reason }, async () => {
  if (search.kind === 'missing') return
  const { engine } = search
  await engine.importImage('docker.io/acme/arm:1', { 'etc/arm': 'six joints' })
  await engine.importImage('docker.io/acme/arm:2', { 'etc/arm': 'seven joints' })
  const directory = mkdtempSync(join(tmpdir(), 'osmo-images-'))
  const file = join(directory, 'platform.yaml')
  writeFileSync(file, platformFile)
  const world = await anInstallation({ environment: { ...engine.environment, OSMO_CONFIG: file } })
  try {
    const sha = await world.push('main', { '.osmo/arms.yaml': spec })
    const check = await world.conclusion(sha, 'osmo / arms')
    const summary = check.output.summary ?? ''
    assert.equal(check.conclusion, 'failure')
    assert.match(summary, /was six joints, is seven joints/)
    assert.match(summary, /podman containers; `image` is honoured/)
    assert.deepEqual(await engine.containers(), [])
  } finally {
    await world.end()
    await engine.close()
    rmSync(directory, { recursive: true, force: true })
  }
})

const platformFile = `backends: {local: {kind: local, runtime: podman}}
pools: {lab: {backend: local, default_platform: sim, platforms: {sim: {tier: sim}}}}
repositories: [{match: ['*/*'], pools: {lab: [trusted]}}]
`
