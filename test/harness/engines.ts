import { execFile, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { probeEngine } from '../../src/backend/local/engine-probe.ts'
import type { EngineName } from '../../src/engine/container-engine.ts'

const run = promisify(execFile)

/** An engine with storage of its own that no registry fills: images are made of this machine's programs. */
export type TestEngine = {
  readonly environment: Readonly<Record<string, string>>
  /** Makes an image of a shell, small programs, the libraries of node, and these files. */
  importImage(reference: string, files?: Readonly<Record<string, string>>): Promise<void>
  /** Names of all containers. */
  containers(): Promise<readonly string[]>
  call(...args: readonly string[]): Promise<string>
  close(): Promise<void>
}
export type EngineSearch = { readonly kind: 'works'; readonly engine: TestEngine } | { readonly kind: 'missing'; readonly reason: string }

/** The image that the orders of `aLocalWorld` name. */
export const orderedImage = 'docker.io/library/ubuntu:24.04'

/** Looks for the engine, tries it, and gives it `orderedImage`. */
export async function findEngine(name: EngineName): Promise<EngineSearch> {
  const root = mkdtempSync(join(tmpdir(), `osmo-${name}-`))
  const started = name === 'podman' ? ownPodman(root) : await ownDocker(root)
  const engine = testEngine(name, root, started)
  const probe = await probeEngine(name, started.environment, root)
  if (probe.kind === 'works') {
    await engine.importImage(orderedImage)
    return { kind: 'works', engine }
  }
  await engine.close()
  return probe
}

type Started = { readonly environment: Readonly<Record<string, string>>; stop(): Promise<void> }

const searchPath = process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin'
const which = (name: string) =>
  searchPath
    .split(':')
    .map((path) => join(path, name))
    .find((path) => existsSync(path))

/** What an administrator writes into `containers.conf` and `storage.conf` of a machine without systemd, overlay file system and catatonit. */
function ownPodman(root: string): Started {
  const init = ['/usr/libexec/podman/catatonit', '/usr/bin/catatonit', '/usr/bin/tini-static', '/usr/bin/tini'].find((path) =>
    existsSync(path),
  )
  const conf = [
    '[containers]',
    ...(init === undefined ? [] : [`init_path = "${init}"`]),
    '[engine]',
    'cgroup_manager = "cgroupfs"',
    'events_logger = "none"',
    'lock_type = "file"',
    `tmp_dir = "${join(root, 'tmp')}"`,
    ...(which('runc') === undefined ? [] : ['runtime = "runc"']),
  ]
  writeFileSync(join(root, 'containers.conf'), `${conf.join('\n')}\n`)
  const storage = ['[storage]', 'driver = "vfs"', `graphroot = "${join(root, 'graph')}"`, `runroot = "${join(root, 'run')}"`]
  writeFileSync(join(root, 'storage.conf'), `${storage.join('\n')}\n`)
  const environment = {
    PATH: searchPath,
    HOME: root,
    CONTAINERS_CONF: join(root, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(root, 'storage.conf'),
  }
  return { environment, stop: async () => undefined }
}

/** A daemon of our own where we may start one, else the machine's. */
async function ownDocker(root: string): Promise<Started> {
  if (process.getuid?.() !== 0 || which('dockerd') === undefined) {
    const host = process.env.DOCKER_HOST
    return {
      environment: { PATH: searchPath, HOME: root, ...(host === undefined ? {} : { DOCKER_HOST: host }) },
      stop: async () => undefined,
    }
  }
  const socket = `unix://${join(root, 'socket')}`
  const daemon = spawn(
    'dockerd',
    [
      ...['--data-root', join(root, 'data'), '--exec-root', join(root, 'exec'), '--pidfile', join(root, 'pid'), '-H', socket],
      ...['--storage-driver', 'vfs', '--iptables=false', '--bridge=none', '--log-level', 'fatal'],
    ],
    { stdio: 'ignore' },
  )
  const ended = new Promise((resolve) => daemon.once('exit', resolve).once('error', resolve))
  const environment = { PATH: searchPath, HOME: root, DOCKER_HOST: socket }
  await untilAnswers(environment)
  return {
    environment,
    async stop() {
      daemon.kill('SIGTERM')
      await ended
    },
  }
}

async function untilAnswers(environment: Started['environment']): Promise<void> {
  for (let round = 0; round < 100; round++) {
    const answers = await run('docker', ['version'], { env: environment }).then(
      () => true,
      () => false,
    )
    if (answers) return
    await sleep(100)
  }
}

function testEngine(name: EngineName, root: string, { environment, stop }: Started): TestEngine {
  const call = async (...args: readonly string[]) => (await run(name, args, { env: environment, maxBuffer: 1e8 })).stdout
  return {
    environment,
    call,
    containers: async () => (await call('ps', '--all', '--format', '{{.Names}}')).split('\n').filter(Boolean),
    async importImage(reference, files = {}) {
      const tree = mkdtempSync(join(root, 'tree-'))
      // It becomes the root directory of every container.
      chmodSync(tree, 0o755)
      fillTree(tree)
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(join(tree, dirname(path)), { recursive: true })
        writeFileSync(join(tree, path), text)
      }
      execFileSync('tar', ['-C', tree, '-cf', `${tree}.tar`, '.'])
      await call('import', `${tree}.tar`, reference)
      rmSync(`${tree}.tar`)
      rmSync(tree, { recursive: true })
    },
    async close() {
      await stop()
      unmountBelow(root)
      rmSync(root, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** A daemon leaves the namespace of the host's network mounted. */
function unmountBelow(root: string): void {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${root}/`))
  for (const point of points.toReversed()) execFileSync('umount', [point])
}

const programs = 'bash sh cat ls seq sleep head yes mkdir touch ln mkfifo chmod cp test env dirname tr grep setsid dd id true'.split(' ')

function fillTree(tree: string): void {
  for (const path of ['usr/bin', 'usr/lib', 'usr/lib64', 'tmp', 'var/tmp', 'etc']) mkdirSync(join(tree, path), { recursive: true })
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(tree, name))
  for (const path of ['tmp', 'var/tmp']) chmodSync(join(tree, path), 0o1777)
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n')
  const copied = programs.map((name) => realpathSync(join('/usr/bin', name)))
  for (const [index, name] of programs.entries()) cpSync(copied[index] ?? '', join(tree, 'usr/bin', name))
  for (const library of librariesOf([...copied, process.execPath])) {
    mkdirSync(join(tree, dirname(library)), { recursive: true })
    cpSync(realpathSync(library), join(tree, library))
  }
}

/** As the dynamic linker of this machine finds them. */
function librariesOf(files: readonly string[]): ReadonlySet<string> {
  const lines = files.flatMap((file) => execFileSync('ldd', [file], { encoding: 'utf8' }).split('\n'))
  return new Set(lines.flatMap((line) => /(?:=> |^\s+)(\/\S+) \(/.exec(line)?.[1] ?? []))
}
