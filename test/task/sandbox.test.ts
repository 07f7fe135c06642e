import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bubblewrapArguments, type SandboxPlan } from '../../src/task/sandbox.ts'

const plan: SandboxPlan = {
  nodePath: '/opt/node/bin/node',
  toolchains: [{ path: 'node_modules', source: '/opt/tools' }],
  network: 'host',
  privileges: 'drop',
  writable: [{ source: '/data/a/repository', target: '/osmo/repository' }],
  readOnly: [{ source: '/data/a/passwd', target: '/etc/passwd' }],
  files: [{ descriptor: 4, target: '/workspace/deep/train.py' }],
  statusDescriptor: 3,
  home: '/home/osmo',
  workingDirectory: '/osmo/repository',
  temporary: { kind: 'each', bytes: 1024 },
}
const line = (changes: Partial<SandboxPlan> = {}) => ` ${bubblewrapArguments({ ...plan, ...changes }).join(' ')} `

describe('bubblewrap arguments', () => {
  const always = [
    '--unshare-pid --unshare-ipc --unshare-uts',
    '--new-session --die-with-parent',
    '--cap-drop ALL',
    '--ro-bind-try /usr /usr',
    '--ro-bind-try /etc/resolv.conf /etc/resolv.conf',
    '--perms 1777 --size 1024 --tmpfs /tmp',
    '--perms 1777 --size 1024 --tmpfs /home',
    '--perms 1777 --size 1024 --tmpfs /root',
    '--perms 1777 --size 1024 --tmpfs /var',
    '--perms 1777 --size 1024 --tmpfs /run',
    '--perms 1777 --size 1024 --tmpfs /dev/shm',
    '--ro-bind /opt/node/bin/node /osmo/bin/node',
    '--ro-bind /opt/tools /osmo/node_modules',
    '--ro-bind /data/a/passwd /etc/passwd',
    '--bind /data/a/repository /osmo/repository',
    '--tmpfs /workspace --ro-bind',
    '--perms 0777 --dir /workspace/deep --perms 0777 --file 4 /workspace/deep/train.py',
    '--remount-ro / --chdir /osmo/repository -- ',
  ]
  for (const part of always) {
    it(part, () => {
      assert.ok(line().includes(` ${part}`), line())
    })
  }

  it('divides one budget over everything that is memory, where nothing counts it', () => {
    const sizes = [...line({ temporary: { kind: 'shared', bytes: 2 ** 30 } }).matchAll(/--size (\d+) --tmpfs (\S+)/g)]
    assert.equal(sizes.length, 8)
    assert.ok(sizes.reduce((sum, [, bytes]) => sum + Number(bytes), 0) <= 2 ** 30)
    assert.ok(Number(sizes.find(([, , path]) => path === '/tmp')?.[1]) > 2 ** 27)
  })

  it('takes files in sixteen directories of the root, and no more', () => {
    const files = (count: number) => Array.from({ length: count }, (_, index) => ({ descriptor: 4 + index, target: `/root-${index}/file` }))
    assert.match(line({ files: files(16) }), /--tmpfs \/root-15 /)
    assert.throws(() => line({ files: files(17) }), /lie in 17 directories of the root; 16 may be used/)
  })

  it('gives the host’s network or none', () => {
    assert.doesNotMatch(line(), /--unshare-net/)
    assert.match(line({ network: 'none' }), / --unshare-net /)
  })

  it('makes a user namespace only where it must, and keeps just the right to become another user elsewhere', () => {
    assert.doesNotMatch(line(), /--unshare-user/)
    assert.deepEqual(line().match(/--cap-add \S+/g), ['--cap-add CAP_SETUID', '--cap-add CAP_SETGID'])
    assert.match(line({ privileges: 'map' }), /--unshare-user/)
    assert.doesNotMatch(line({ privileges: 'map' }), /--cap-add/)
  })

  it('mounts nothing of this machine’s data read-write but what it is told to', () => {
    assert.deepEqual(line().match(/ --(dev-)?bind(-try)? \S+/g), [' --bind /data/a/repository'])
    assert.doesNotMatch(line(), /\/etc\/(passwd|shadow|ssh) \/etc/)
  })
})
