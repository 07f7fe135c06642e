/** An absolute POSIX path without `.`, `..` and doubled slashes; `..` above the root stays at the root. */
export function normalisePath(path: string): string {
  return `/${(resolveParts(path.split('/'), 'stay') ?? []).join('/')}`
}

/** `localpath` of a spec as a path from the repository's root, or undefined when it leaves the repository. */
export function joinPath(specFile: string, localpath: string): string | undefined {
  return resolveParts([...specFile.split('/').slice(0, -1), ...localpath.split('/')], 'refuse')?.join('/')
}

function resolveParts(parts: readonly string[], atRoot: 'stay' | 'refuse'): string[] | undefined {
  const result: string[] = []
  for (const part of parts) {
    if (part === '' || part === '.') continue
    if (part !== '..') result.push(part)
    else if (result.pop() === undefined && atRoot === 'refuse') return undefined
  }
  return result
}
