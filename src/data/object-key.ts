const maxKeyBytes = 2048
const maxDepth = 64
const maxPartBytes = 255

/**
 * Checks a key such as `<workflow>/<task>/<attempt>/model/policy.json`: relative, at most 2048 bytes and 64 parts of 255 bytes each (the
 * limit of Linux's file systems), no empty part, `.` or `..`, no control characters or backslashes. Throws `RangeError` saying what is wrong.
 */
export function checkedKey(key: string): string {
  const parts = key.split('/')
  const fault = keyFault(key, parts)
  if (fault !== undefined) throw new RangeError(`Expected a key of the object store, got ${JSON.stringify(key.slice(0, 120))}: ${fault}`)
  return key
}

function keyFault(key: string, parts: readonly string[]): string | undefined {
  if (Buffer.byteLength(key) > maxKeyBytes) return `longer than ${maxKeyBytes} bytes`
  if (parts.length > maxDepth) return `deeper than ${maxDepth} directories`
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'it has an empty, "." or ".." part'
  if (parts.some((part) => Buffer.byteLength(part) > maxPartBytes)) return `a part is longer than ${maxPartBytes} bytes`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are refused
  if (/[\u0000-\u001f\u007f\\]/.test(key)) return 'it has a control character or a backslash'
  if (!key.isWellFormed()) return 'it is not well-formed Unicode'
  return undefined
}
