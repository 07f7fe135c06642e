import { access } from 'node:fs/promises'
import { isAbsolute } from 'node:path'

/** Throws with the first one that cannot be mounted. */
export async function checkToolchains(toolchains: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, source] of Object.entries(toolchains)) {
    const [first = '', ...rest] = toolchainPath(path).split('/')
    if ([first, ...rest].some((part) => !/^[\w@][\w@.-]*$/.test(part)) || reservedNames.has(first)) {
      throw new Error(`Expected a toolchain to be mounted at a name of its own below /osmo, got ${JSON.stringify(path)}`)
    }
    if (!isAbsolute(source)) throw new Error(`Expected an absolute path for the toolchain ${path}, got ${JSON.stringify(source)}`)
    await access(source).catch((cause) => {
      throw new Error(`The toolchain ${path} is not there: ${source}`, { cause })
    })
  }
}

const reservedNames = new Set(['bin', 'data', 'repository'])
/** The path below `/osmo`, however it is written. */
export const toolchainPath = (path: string) => path.replace(/^\/osmo\//, '')
