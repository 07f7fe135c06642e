import { localpathFaults, type PathEntries } from '../spec/localpaths.ts'
import { joinPath } from '../spec/paths.ts'
import type { CommitSha } from '../workflow/names.ts'
import type { ForgeReader, RepositoryReference } from './ports.ts'
import type { ReadSpec, SpecTree } from './spec-tree.ts'

type Commit = { readonly repository: RepositoryReference; readonly sha: CommitSha }

/** A spec whose `localpath` files the commit does not have, or has as something that is refused, is not valid, as if its text had the fault. */
export async function withLocalpathFaults(
  tree: SpecTree,
  { repository, sha }: Commit,
  reader: Pick<ForgeReader, 'entriesAt'>,
  signal: AbortSignal,
): Promise<SpecTree> {
  const paths = [...new Set(tree.specs.flatMap(pathsOf))]
  if (paths.length === 0) return tree
  const found = await reader.entriesAt(repository, sha, paths, signal)
  return { ...tree, specs: tree.specs.map((spec) => checked(spec, found)) }
}

function pathsOf(spec: ReadSpec): readonly string[] {
  return spec.result.kind === 'valid'
    ? spec.result.places.localpaths.flatMap(({ localpath }) => joinPath(spec.file.path, localpath) ?? [])
    : []
}

function checked(spec: ReadSpec, found: ReadonlyMap<string, PathEntries>): ReadSpec {
  const { file, result } = spec
  if (result.kind === 'invalid') return spec
  const entriesOf = (localpath: string) => found.get(joinPath(file.path, localpath) ?? '')
  const faults = localpathFaults(result.places.localpaths, { file: file.path, entriesOf, missing: 'error' })
  return faults.length === 0 ? spec : { ...spec, result: { kind: 'invalid', diagnostics: [...result.warnings, ...faults] } }
}
