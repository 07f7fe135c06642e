import { pipeline } from 'node:stream/promises'
import { pack as createPack, type Pack } from 'tar-stream'
import { z } from 'zod'
import { manifestKey, type ObjectStore, type OutputManifest, outputPrefix, type StoredOutputs } from '../engine/ports.ts'
import { taskLimits } from '../engine/task-protocol.ts'
import type { Pattern } from '../spec/pattern.ts'
import { checkedKey } from './object-key.ts'

const manifestFile = z.strictObject({
  path: z.string().min(1),
  mode: z.number().int().min(0).max(0o777),
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
const manifestSchema = z.strictObject({ files: z.array(manifestFile).max(taskLimits.outputFiles) })

/** Throws with what is wrong when the text is not a manifest of checked, unrepeated paths. */
export function parseManifest(text: string): OutputManifest {
  const manifest = manifestSchema.parse(JSON.parse(text))
  const paths = new Set(manifest.files.map(({ path }) => checkedOutputPath(path)))
  if (paths.size !== manifest.files.length) throw new RangeError('Expected each path once in the manifest')
  return manifest
}

/** A path below an attempt's outputs. Names beginning with `.osmo-` at the top are the service's own. */
export function checkedOutputPath(path: string): string {
  checkedKey(path)
  if (Buffer.byteLength(path) > taskLimits.outputPathBytes || path.split('/').length > taskLimits.outputPathDepth) {
    throw new RangeError(
      `Expected an output path of at most ${taskLimits.outputPathBytes} bytes and ${taskLimits.outputPathDepth} parts, got ${JSON.stringify(path.slice(0, 120))}`,
    )
  }
  if (path.startsWith('.osmo-'))
    throw new RangeError(`The output name ${JSON.stringify(path.slice(0, 120))} is reserved: it begins with ".osmo-"`)
  return path
}

/** Undefined while the outputs do not count: their manifest is written last. */
export async function readManifest(objects: ObjectStore, outputs: StoredOutputs): Promise<OutputManifest | undefined> {
  const bytes = await objects.read(manifestKey(outputs), taskLimits.manifestBytes)
  return bytes && parseManifest(Buffer.from(bytes).toString())
}

/**
 * A tar of an attempt's stored outputs whose path matches `pattern` from its start (Python's `re.match`); all without one. Undefined when
 * there is no manifest.
 */
export async function tarOfOutputs(
  objects: ObjectStore,
  outputs: StoredOutputs,
  pattern: Pattern | undefined,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const manifest = await readManifest(objects, outputs)
  if (manifest === undefined) return undefined
  const files = manifest.files.filter(({ path }) => pattern === undefined || pattern.matchesStart(path))
  const tar = createPack()
  // A fault ends the stream with an error, which breaks the response off: the reader must not take half a tar for a whole one.
  fill(tar, objects, outputPrefix(outputs), files).catch((error: Error) => tar.destroy(error))
  // streamx's Readable can be iterated, which its types do not say.
  return tar as unknown as AsyncIterable<Uint8Array>
}

async function fill(tar: Pack, objects: ObjectStore, prefix: string, files: OutputManifest['files']): Promise<void> {
  for (const { path, mode, bytes } of files) {
    const body = await objects.get(prefix + path)
    if (body === undefined) throw new Error(`The manifest names ${prefix}${path}, which is not in the object store`)
    // The time is fixed, so that equal outputs make equal inputs.
    await pipeline(body, tar.entry({ name: path, mode, size: bytes, mtime: new Date(0) }))
  }
  tar.finalize()
}
