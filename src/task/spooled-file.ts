import { closeSync, openSync, writeSync } from 'node:fs'

/** A descriptor at the start of the contents. */
export function spooledFile(path: string, contents: Buffer): number {
  const writer = openSync(path, 'w', 0o600)
  for (let written = 0; written < contents.length; ) written += writeSync(writer, contents, written)
  closeSync(writer)
  return openSync(path, 'r')
}
