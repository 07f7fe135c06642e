import { selectSpecFiles, type TreeEntry } from '../spec/names.ts'
import { type LocatedResult, locateSpec } from '../spec/parse-spec.ts'
import { parseRepositoryConfig } from '../spec/repository-config.ts'
import type { Diagnostic, RepositoryConfig, Triggers, WorkflowSpec } from '../spec/types.ts'
import { git } from './git.ts'
import { isInGit, type PlannedChange } from './plan-change.ts'
import { readBounded } from './reading.ts'

/** The tip of the base branch, which judges a pull request (extensions.md §5). */
export type Base = {
  /** As git calls it, such as `origin/main`. */
  readonly name: string
  readonly settings: RepositoryConfig
  /** Errors of its settings: with them nobody can say what is required. */
  readonly faults: readonly Diagnostic[]
  /** Of its settings, as diagnostics name them. */
  readonly label: string
  readonly text: string
  /** Its own `on` of a spec that it has; undefined where it has none that is valid. */
  readonly triggersOf: (spec: string) => Promise<BaseTriggers | undefined>
}
export type BaseTriggers = { readonly triggers: Triggers | undefined }

const noSettings: RepositoryConfig = { values: {}, pool: [], required: [], notify: {} }

/** Undefined for a push, which judges itself, and where git has no such branch. */
export async function readBase(directory: string, { change }: PlannedChange): Promise<Base | undefined> {
  const name = change.event === 'pull_request' && isInGit(directory) ? await baseName(directory, change.baseBranch ?? '') : undefined
  if (name === undefined) return undefined
  const { files, config } = selectSpecFiles(await entriesOf(directory, name))
  const text = config === undefined ? '' : ((await textOf(directory, name, config.path)) ?? '')
  const label = `${name}:.osmo/config.yaml`
  const read = parseRepositoryConfig(text, label)
  const settings = read.kind === 'valid' ? read.config : noSettings
  const faults = read.kind === 'valid' ? [] : read.diagnostics
  const triggersOf = async (spec: string) => {
    const path = files.find((file) => file.name === spec)?.path
    const source = path === undefined ? undefined : await textOf(directory, name, path)
    return path === undefined || source === undefined ? undefined : triggersIn(source, path, settings)
  }
  return { name, settings, faults, label, text, triggersOf }
}

function triggersIn(text: string, file: string, { values }: RepositoryConfig): BaseTriggers | undefined {
  const read: LocatedResult = readBounded(locateSpec, text, { file, values })
  return read.kind === 'valid' ? onOf(read.spec) : undefined
}

const onOf = ({ triggers }: WorkflowSpec): BaseTriggers => ({ triggers })

/** What the remote has counts, as GitHub knows no other. */
async function baseName(directory: string, branch: string): Promise<string | undefined> {
  for (const name of [`origin/${branch}`, branch])
    if ((await git(directory, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`)) !== undefined) return name
  return undefined
}

async function entriesOf(directory: string, commit: string): Promise<readonly TreeEntry[]> {
  const listed = (await git(directory, 'ls-tree', '-r', '-z', '--long', commit, '--', '.osmo/')) ?? ''
  return [...listed.matchAll(/(\d{6}) \w+ \w+ +(\d+|-)\t([^\0]+)/g)].map(([, mode = '', size, path = '']) => ({
    path,
    mode,
    sizeBytes: Number(size) || 0,
  }))
}

const textOf = (directory: string, commit: string, path: string) => git(directory, 'show', `${commit}:./${path}`)
