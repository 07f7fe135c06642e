import { git } from './git.ts'

export type FileChange = {
  readonly path: string
  readonly previousPath: string | null
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed'
  readonly sha: string
  readonly additions: number
  readonly deletions: number
  /** Absent for binary and for very large changes. */
  readonly patch: string | undefined
}

const patchLimitLines = 20_000

/** Files that differ between two trees or commits, renames found by content as GitHub does. In git's order: by path. */
export async function changedFiles(directory: string, base: string, head: string): Promise<FileChange[]> {
  const out = (await git(directory, ['diff', '-z', '-M', '--raw', '--numstat', '--no-abbrev', base, head, '--'])).toString('utf8')
  const changes = parseRawAndNumbers(out)
  const lines = changes.reduce((sum, change) => sum + change.additions + change.deletions, 0)
  return lines > patchLimitLines ? changes : withPatches(changes, await patches(directory, base, head))
}

const statuses: Readonly<Record<string, FileChange['status']>> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
}

/** `git diff -z --raw --numstat`: all raw records first (they begin with a colon), then the numbers in the same order. */
function parseRawAndNumbers(out: string): FileChange[] {
  const parts = out.split('\0')
  const changes: Omit<FileChange, 'additions' | 'deletions' | 'patch'>[] = []
  let at = 0
  while (parts[at]?.startsWith(':')) {
    const [, , before = '', after = '', code = ''] = (parts[at++] ?? '').split(' ')
    const status = statuses[code.charAt(0)] ?? 'modified'
    const first = parts[at++] ?? ''
    const moved = status === 'renamed' || status === 'copied'
    const path = moved ? (parts[at++] ?? '') : first
    changes.push({ path, previousPath: moved ? first : null, status, sha: status === 'removed' ? before : after })
  }
  return changes.map((change) => {
    const [added = '0', deleted = '0', path = ''] = (parts[at++] ?? '').split('\t')
    if (path === '') at += 2 // a rename has its two paths in records of their own
    return { ...change, additions: Number(added) || 0, deletions: Number(deleted) || 0, patch: undefined }
  })
}

/** One patch a file in the order of the raw records. Lines of content never begin with the letter d, so the split is safe. */
async function patches(directory: string, base: string, head: string): Promise<string[]> {
  const out = (await git(directory, ['diff', '-M', '-p', base, head, '--'])).toString('utf8')
  return out.split(/^diff --git .*\n/m).slice(1)
}

/** A file that became a symlink has two patches; then nothing lines up and none is given, which GitHub allows. */
function withPatches(changes: FileChange[], found: readonly string[]): FileChange[] {
  if (changes.length !== found.length) return changes
  return changes.map((change, index) => ({ ...change, patch: hunks(found[index] ?? '') }))
}

function hunks(patch: string): string | undefined {
  const start = patch.search(/^@@ /m)
  return start === -1 ? undefined : patch.slice(start).replace(/\n$/, '')
}
