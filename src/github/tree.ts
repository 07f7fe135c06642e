import { GitError, type GitPlace, type GitProcess, git, killGit, startGit } from './git.ts'

/** One entry of a git tree. `path` is git's own, with `/` between its parts. */
export type TreeEntry = {
  readonly mode: string
  readonly type: 'blob' | 'commit' | 'tree'
  readonly object: string
  readonly bytes: number
  readonly path: string
}
export const symlinkMode = '120000'

export type TreeOptions = GitPlace & { readonly sha: string; readonly signal: AbortSignal }

/** All files below `path` (everything when it is empty), in git's order; a directory gives what is in it. */
export async function* listTree({ sha, ...call }: TreeOptions, path: string): AsyncIterable<TreeEntry> {
  const scope = path === '' ? [] : [path]
  const command = ['ls-tree', '-r', '-z', '-l', '--full-tree', '--end-of-options', sha, ...scope]
  const { child, ended } = startGit({ ...call, arguments: command })
  // Awaited below; until then a failure must not count as unhandled.
  ended.catch(() => undefined)
  child.stdin.end()
  try {
    for await (const record of records(child)) yield parseEntry(record)
    await ended
  } finally {
    killGit(child)
  }
}

/** What stands at exactly this path: a file, or a directory (`tree`). */
export async function entryAt({ sha, ...call }: TreeOptions, path: string): Promise<TreeEntry | undefined> {
  const output = await git({ ...call, arguments: ['ls-tree', '-z', '-l', '--full-tree', '--end-of-options', sha, path] })
  const [record] = output.toString('utf8').split('\0')
  return record ? parseEntry(record) : undefined
}

/** Contents of blobs, one after the other, from one process. Ask for the next only after the last was read to its end. */
export function openBlobs(call: TreeOptions) {
  const { child, ended } = startGit({ ...call, arguments: ['cat-file', '--batch'] })
  ended.catch(() => undefined)
  const chunks = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let rest: Buffer = Buffer.alloc(0)
  return { read, close: () => killGit(child) }

  async function* read(object: string): AsyncIterable<Buffer> {
    child.stdin.write(`${object}\n`)
    let left = Number(/ blob ([0-9]+)$/.exec(await line())?.[1] ?? Number.NaN)
    if (Number.isNaN(left)) throw new GitError(`Expected blob ${object} in the mirror`)
    while (left > 0) {
      const chunk = await take(left)
      left -= chunk.length
      yield chunk
    }
    await take(1)
  }

  async function line(): Promise<string> {
    let end = rest.indexOf(10)
    while (end < 0) {
      if (rest.length > 1000) throw new GitError('Expected a line from git cat-file')
      rest = Buffer.concat([rest, await more()])
      end = rest.indexOf(10)
    }
    const text = rest.toString('latin1', 0, end)
    rest = rest.subarray(end + 1)
    return text
  }

  async function take(limit: number): Promise<Buffer> {
    if (rest.length === 0) rest = await more()
    const taken = rest.subarray(0, limit)
    rest = rest.subarray(taken.length)
    return taken
  }

  async function more(): Promise<Buffer> {
    const next = await chunks.next()
    if (!next.done) return next.value
    await ended
    throw new GitError('git cat-file ended early')
  }
}

const maxRecordBytes = 64 * 1024

async function* records(child: GitProcess): AsyncIterable<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of child.stdout) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      yield rest.toString('utf8', 0, end)
      rest = rest.subarray(end + 1)
    }
    if (rest.length > maxRecordBytes) throw new GitError(`Expected paths of at most ${maxRecordBytes} bytes`)
  }
}

/** `<mode> <type> <object> <size, padded>\t<path>`; the size of what is no blob is `-`. */
function parseEntry(record: string): TreeEntry {
  const found = /^([0-7]{6}) (blob|commit|tree) ([0-9a-f]{40}) +([0-9]+|-)\t([\s\S]+)$/.exec(record)
  const [, mode = '', type, object = '', bytes, path = ''] = found ?? []
  if (type !== 'blob' && type !== 'commit' && type !== 'tree')
    throw new GitError(`Unexpected line of git ls-tree: ${JSON.stringify(record.slice(0, 200))}`)
  return { mode, type, object, bytes: bytes === '-' ? 0 : Number(bytes), path }
}
