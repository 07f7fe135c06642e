/** How many parts an address needs after its scheme (osmo-spec.md §3.1): bucket; account and container; and so on. */
const leastParts: Readonly<Record<string, number>> = { s3: 1, gs: 1, azure: 2, swift: 3, tos: 2 }

/** Why a storage address is wrong, or undefined when it is fine. */
export function faultOfStorageUrl(url: string): string | undefined {
  const scheme = /^([a-z0-9]+):\/\//.exec(url)?.[1]
  const least = scheme === undefined ? undefined : leastParts[scheme]
  if (scheme === undefined || least === undefined) return 'it has to begin with s3://, gs://, azure://, swift:// or tos://'
  const parts = url
    .slice(scheme.length + 3)
    .replace(/\/$/, '')
    .split('/')
  if (parts.some((part) => part === '')) return 'it has an empty part, such as in "//"'
  if (parts.some((part) => /[,;*]/.test(part))) return 'it must not contain a comma, a semicolon or a star'
  return parts.length < least ? `${scheme}:// needs at least ${least} parts` : undefined
}
