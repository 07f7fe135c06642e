import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createLocalBackend, type LocalBackendOptions } from '../../src/backend/local/local-backend.ts'
import { loopbackHosts } from '../../src/backend/local/loopback.ts'
import { createUserIds } from '../../src/backend/local/user-ids.ts'
import { WorkflowId } from '../../src/workflow/names.ts'

/** A directory with a program of that name. */
function broken(name: string, script: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'osmo-settings-bin-'))
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  after(() => rm(directory, { recursive: true }))
  return directory
}

describe('settings of a local backend', () => {
  const root = mkdtempSync(join(tmpdir(), 'osmo-settings-'))
  after(() => rm(root, { recursive: true }))
  const options: LocalBackendOptions = {
    name: 'local',
    directory: join(root, 'attempts'),
    runtime: 'process',
    engineEnvironment: {},
    toolchains: {},
    nodePath: process.execPath,
    supervisorPath: '/nowhere',
    service: { kind: 'socket', path: join(root, 'sock') },
    capacityCpu: undefined,
    log: () => undefined,
  }
  const refused = [
    [
      { runtime: 'docker', engineEnvironment: { PATH: '/nowhere:relative' } },
      /runtime docker, but docker is not installed: no such program/,
    ],
    [
      { runtime: 'podman', engineEnvironment: { PATH: broken('podman', 'echo storage is gone >&2; exit 125') } },
      /`podman info` failed: storage is gone/,
    ],
    [{ toolchains: { '/osmo/repository': '/usr' } }, /name of its own below \/osmo/],
    [{ toolchains: { '../x': '/usr' } }, /name of its own below \/osmo/],
    [{ toolchains: { '/usr/lib': '/usr' } }, /name of its own below \/osmo/],
    [{ toolchains: { node_modules: 'relative' } }, /absolute path/],
    [{ toolchains: { node_modules: '/does/not/exist' } }, /is not there/],
  ] as const
  for (const [wrong, message] of refused) {
    it(`refuses ${JSON.stringify(wrong)} before it makes anything`, async () => {
      await assert.rejects(createLocalBackend({ ...options, ...wrong }), message)
      assert.ok(!existsSync(options.directory))
    })
  }

  it('offers no more CPUs than the machine has', async () => {
    const many = await createLocalBackend({ ...options, capacityCpu: 1_000_000 })
    const one = await createLocalBackend({ ...options, capacityCpu: 1 })
    assert.ok(many.capacity.cpu < 1_000_000)
    assert.equal(one.capacity.cpu, 1)
  })
})

describe('addresses of members', () => {
  const workflow = WorkflowId('00000000-0000-0000-0000-00000000000a')
  const members = Array.from({ length: 200 }, (_, index) => `worker-${index}`)

  it('are loopback, one each, the same every time', () => {
    const hosts = loopbackHosts(workflow, members)
    assert.deepEqual(loopbackHosts(workflow, members), hosts)
    assert.equal(new Set(Object.values(hosts)).size, members.length)
    for (const host of Object.values(hosts)) assert.match(host, /^127\.([1-9]\d*)\.\d+\.([1-9]\d*)$/)
  })
})

describe('user ids', () => {
  it('are never given twice at once, and run out with a message', () => {
    const ids = createUserIds('/data')
    const inUse = new Set<number>()
    for (let taken = 0; taken < 1000; taken++) inUse.add(ids.take(inUse))
    assert.equal(inUse.size, 1000)
    assert.ok([...inUse].every((uid) => uid >= 200_000 && uid < 524_288))
    assert.throws(() => ids.take(inUse), /are in use/)
    const [freed = 0] = inUse
    inUse.delete(freed)
    assert.equal(ids.take(inUse), freed)
  })
})
