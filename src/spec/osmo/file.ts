import { joinPath, normalisePath } from '../paths.ts'
import { coercedText, laxFlag } from '../shape/python-scalars.ts'
import { optional, record, required, withDefault } from '../shape/record.ts'
import { located, mapped, narrowed, type Place, type Shape } from '../shape/shape.ts'
import type { Range } from '../source-text.ts'
import type { FileSpec } from '../types.ts'
import { quote } from '../yaml/node.ts'

const fields = record({
  path: required(located(coercedText)),
  contents: optional(located(coercedText)),
  localpath: optional(located(coercedText)),
  base64: withDefault(laxFlag, false),
})

/** `localRange` is where the `localpath` of a file from the repository stands. */
export type ReadFile = { readonly spec: FileSpec; readonly range: Range; readonly localRange?: Range }

const nothing: ReadFile = { spec: { kind: 'inline', path: '', contents: '', encoding: 'text' }, range: { start: 0, end: 0 } }

/** A file of a task, inline or from the repository, which its `localpath` must not leave. */
export const fileShape: Shape<ReadFile> = mapped<(typeof fields)['fallback'], ReadFile>(
  narrowed(fields, { oneOf: [{ required: ['contents'] }, { required: ['localpath'] }] }),
  ({ path: written, contents, localpath, base64 }, node, place) => {
    if (node.kind !== 'mapping') return nothing
    const path = checkedPath(written.value, written.range, place)
    if (localpath === undefined) {
      if (contents === undefined) reportNoContents(written.range, place)
      else if (base64) checkBase64(contents.value, contents.range, place)
      const spec: FileSpec = { kind: 'inline', path, contents: contents?.value ?? '', encoding: base64 ? 'base64' : 'text' }
      return { spec, range: written.range }
    }
    if (contents !== undefined) {
      const message = `${place.path} has both "contents" and "localpath". Keep one of them.`
      place.reporter.error('schema/two-sources', localpath.range, message)
    }
    checkLocalpath(localpath.value, localpath.range, place)
    return { spec: { kind: 'local', path, localpath: localpath.value }, range: written.range, localRange: localpath.range }
  },
  nothing,
)

function reportNoContents(range: Range, place: Place) {
  const message = `Expected the key "contents" or "localpath" in ${place.path}, but both are missing. Add one.`
  place.reporter.error('schema/missing-key', range, message)
}

/** The normalised absolute path. `/osmo` is the service's own, save what is below `/osmo/data/output`. */
function checkedPath(written: string, range: Range, place: Place): string {
  if (range.end === 0) return ''
  const path = normalisePath(`/${written}`)
  const reserved = path === '/osmo' || path.startsWith('/osmo/')
  if (path !== '/' && written !== '' && (!reserved || path.startsWith('/osmo/data/output/'))) return path
  const message = `Empty path or adding file to "/osmo" is forbidden for file: ${quote(written)}. Choose a path outside of /osmo, or below /osmo/data/output.`
  place.reporter.error('semantic/file-path', range, message)
  return ''
}

function checkBase64(contents: string, range: Range, place: Place) {
  const body = contents.replaceAll(/\s/g, '')
  if (body.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(body)) return
  const message = `Expected base64 for ${place.path}.contents, because "base64" is true, but it is no valid base64. Encode it, or remove "base64".`
  place.reporter.error('schema/base64', range, message)
}

function checkLocalpath(localpath: string, range: Range, place: Place) {
  const fault = faultOfLocalpath(localpath, place.specFile ?? '')
  if (fault === undefined) return
  const message = `The localpath ${quote(localpath)} ${fault}. Expected a path inside the repository, relative to the spec file.`
  place.reporter.error('semantic/localpath', range, message)
}

function faultOfLocalpath(localpath: string, specFile: string): string | undefined {
  if (localpath === '') return 'is empty'
  if (localpath.startsWith('/')) return 'is absolute'
  if (localpath.includes('\\') || localpath.includes('\0')) return 'contains a backslash or a NUL character'
  // A spec outside of a repository (standard input, an absolute path) has no root that could be left.
  if (specFile.startsWith('/') || specFile.startsWith('../')) return undefined
  return joinPath(specFile, localpath) === undefined ? 'leaves the repository' : undefined
}
