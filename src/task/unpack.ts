import { createWriteStream } from 'node:fs'
import { chmod, lchown, mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract, type Header } from 'tar-stream'

/** The user that is to own what was unpacked; `same`: whoever runs this. */
export type Owner = { readonly uid: number } | 'same'

/**
 * Unpacks a tar into a directory, which it creates. Files, directories and symbolic links only; nothing is ever written through a link, so
 * no archive can reach outside. The directory must be empty and nobody else may write to it meanwhile.
 */
export async function unpack(tar: Readable, directory: string, owner: Owner): Promise<void> {
  const entries = extract()
  const directories = new Set<string>([''])
  await mkdir(directory, { recursive: true })
  await give(directory, owner)
  entries.on('entry', (header, body, next) => {
    // streamx's Readable is one for every purpose here, which its types do not say.
    const stream = body as unknown as Readable
    // Every fault also ends `entries`, where it is awaited.
    stream.on('error', () => undefined)
    unpackEntry(stream, header).then(() => {
      stream.resume()
      next()
    }, next)
  })
  await pipeline(tar, entries)

  async function unpackEntry(body: Readable, header: Header): Promise<void> {
    const path = checkedPath(header.name)
    if (path === '') return
    const target = join(directory, path)
    await makeDirectories(dirname(path) === '.' ? '' : dirname(path))
    if (header.type === 'directory') return makeDirectories(path)
    if (header.type === 'symlink') await symlink(header.linkname ?? '', target)
    else if (header.type === 'file') await writeNew(body, target, header.mode ?? 0o644)
    else throw new Error(`Expected files, directories and symbolic links in the archive, got a ${header.type} at ${JSON.stringify(path)}`)
    await give(target, owner)
  }

  /** One at a time and never over something that is there already, so that a link can not stand in for a directory. */
  async function makeDirectories(path: string): Promise<void> {
    if (directories.has(path)) return
    await makeDirectories(dirname(path) === '.' ? '' : dirname(path))
    await mkdir(join(directory, path))
    await give(join(directory, path), owner)
    directories.add(path)
  }
}

function checkedPath(name: string): string {
  const path = name === '.' ? '' : name.replace(/^\.\//, '').replace(/\/+$/, '')
  const parts = path === '' ? [] : path.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..') || path.includes('\0')) {
    throw new Error(`Expected relative paths without ".." in the archive, got ${JSON.stringify(name.slice(0, 200))}`)
  }
  return path
}

async function writeNew(body: Readable, target: string, mode: number): Promise<void> {
  await pipeline(body, createWriteStream(target, { flags: 'wx', mode: 0o600 }))
  // Never set-uid or set-gid, and always readable by the owner.
  await chmod(target, (mode & 0o777) | 0o400)
}

export async function give(path: string, owner: Owner): Promise<void> {
  if (owner !== 'same') await lchown(path, owner.uid, owner.uid)
}
