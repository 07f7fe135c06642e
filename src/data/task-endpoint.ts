import { Readable } from 'node:stream'
import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { z } from 'zod'
import type { AttemptDesk, AttemptGrant, LogStore, ObjectStore } from '../engine/ports.ts'
import { ForgeError, manifestKey, outputPrefix } from '../engine/ports.ts'
import { taskLimits } from '../engine/task-protocol.ts'
import { compilePattern, type Pattern } from '../spec/pattern.ts'
import { type AttemptReference, WorkflowId } from '../workflow/names.ts'
import type { Barrier } from './barrier.ts'
import { ObjectTooLarge } from './directory-store.ts'
import { checkedOutputPath, parseManifest, tarOfOutputs } from './stored-inputs.ts'

export type TaskEndpointParts = {
  readonly desk: AttemptDesk
  readonly objects: ObjectStore
  readonly logs: LogStore
  /** A tar of the tree of this arm; undefined when the attempt has none. */
  readonly archive: (grant: AttemptGrant, arm: Arm, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array> | undefined>
  readonly barrier: Barrier
  /** Of all outputs of one attempt together. */
  readonly maxOutputBytes: number
}
type Arm = 'base' | 'head'
type Variables = { Variables: { grant: AttemptGrant } }

const logBody = z.strictObject({
  chunks: z.array(z.strictObject({ sequence: z.number().int().nonnegative(), text: z.string() })).max(taskLimits.logChunksPerCall),
})
const barrierBody = z.strictObject({
  group: z.string().max(256),
  member: z.string().max(256),
  members: z.array(z.string().max(256)).max(1000),
  state: z.enum(['waiting', 'passed']),
})
/** JSON may write one byte as six (`\u0007`). */
const logBodyBytes = taskLimits.logChunkBytes * taskLimits.logChunksPerCall * 6 + 4096
const barrierBodyBytes = 300_000

/** What running attempts may ask of the service (`src/engine/task-protocol.ts`). Every call proves anew that its attempt is not over. */
export function createTaskEndpoint(parts: TaskEndpointParts): Hono<Variables> {
  const app = new Hono<Variables>()
  const uploads = createUploadBudget(parts.maxOutputBytes)
  const attempt = '/task/v1/:workflow/:task/:attempt'

  app.use(`${attempt}/*`, async (context, next) => {
    const grant = await authorized(parts.desk, context).catch((cause: unknown) => {
      // The database is away, and with it the service: attempts wait without losing time.
      throw new HTTPException(503, { message: 'The service cannot tell now whose token this is', cause })
    })
    if (grant === undefined) return context.text('This token is not good for this attempt, or the attempt is over', 401)
    context.set('grant', grant)
    return next()
  })
  app.get(`${attempt}/source/:arm`, (context) => sendSource(parts, context))
  app.get(`${attempt}/inputs/:arm/:index`, (context) => sendInput(parts, context))
  app.put(`${attempt}/outputs/*`, (context) => storeOutput(parts, uploads, context))
  app.put(`${attempt}/manifest`, (context) => storeManifest(parts, uploads, context))
  app.post(`${attempt}/logs`, async (context) => {
    const { chunks } = parsed(logBody, await bodyText(context, logBodyBytes))
    if (chunks.some(({ text }) => Buffer.byteLength(text) > taskLimits.logChunkBytes)) throw refusal(413, 'A chunk of logs is too long')
    await parts.logs.append(context.get('grant').reference, chunks)
    return context.body(null, 204)
  })
  app.post(`${attempt}/barrier`, async (context) =>
    context.json({ state: await parts.barrier(context.get('grant'), parsed(barrierBody, await bodyText(context, barrierBodyBytes))) }),
  )
  app.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse()
    const lasting = lastingFault(error)
    return lasting === undefined ? context.text(`The service failed: ${error.name}`, 500) : context.text(lasting, 422)
  })
  return app
}

/** What would be the same however often it is asked for, in words for the one who asked; a 5xx would be asked again. */
function lastingFault(error: Error): string | undefined {
  if (error instanceof RangeError) return error.message
  if (error instanceof ForgeError && error.reaction === 'give-up') return error.message
  return badNameCodes.has((error as NodeJS.ErrnoException).code ?? '')
    ? 'The outputs cannot be stored under these names: one of them is needed as a file and as a directory, or is too long for the disk'
    : undefined
}

const badNameCodes = new Set(['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'ENAMETOOLONG', 'EILSEQ'])

type TaskContext = Context<Variables>

async function authorized(desk: AttemptDesk, context: Context): Promise<AttemptGrant | undefined> {
  const token = /^Bearer ([A-Za-z0-9._~+/=-]{1,512})$/.exec(context.req.header('authorization') ?? '')?.[1]
  const reference = referenceOf(context)
  return token === undefined || reference === undefined ? undefined : desk.authorize(reference, token)
}

function referenceOf(context: Context): AttemptReference | undefined {
  const { workflow = '', task = '', attempt = '' } = context.req.param()
  if (!/^[0-9]{1,6}$/.test(attempt) || !/^[0-9a-f-]{36}$/.test(workflow) || task === '') return undefined
  try {
    return { workflow: WorkflowId(workflow), task, attempt: Number(attempt) }
  } catch {
    return undefined
  }
}

async function sendSource({ archive }: TaskEndpointParts, context: TaskContext): Promise<Response> {
  const tar = await archive(context.get('grant'), armOf(context), context.req.raw.signal)
  return tar === undefined ? context.text('This attempt has no source tree of that arm', 404) : tarResponse(tar)
}

async function sendInput({ objects }: TaskEndpointParts, context: TaskContext): Promise<Response> {
  const index = Number(context.req.param('index'))
  const stored = inputOf(context.get('grant'), armOf(context), index)
  const tar = stored && (await tarOfOutputs(objects, stored, inputPattern(context)))
  return tar === undefined ? context.text(`Input ${index} of this attempt has no stored outputs`, 404) : tarResponse(tar)
}

/** Inputs that are not tasks of the same workflow are the same in both arms. */
function inputOf({ inputs, baseInputs }: AttemptGrant, arm: Arm, index: number) {
  return (arm === 'base' ? baseInputs?.[index] : undefined) ?? inputs[index]
}

function inputPattern(context: TaskContext): Pattern | undefined {
  const regex = context.req.query('regex')
  if (regex === undefined) return undefined
  if (regex.length > 4096) throw refusal(400, 'The pattern is longer than 4096 characters')
  const result = compilePattern(regex)
  if (result.kind === 'compiled') return result.pattern
  throw refusal(400, `The pattern ${JSON.stringify(regex.slice(0, 200))} cannot be used: ${result.reason}`)
}

function armOf(context: TaskContext): Arm {
  const arm = context.req.param('arm')
  if (arm !== 'head' && arm !== 'base') throw refusal(404, `Expected the arm "head" or "base", got ${JSON.stringify(arm)}`)
  return arm
}

const tarResponse = (tar: AsyncIterable<Uint8Array>) =>
  new Response(Readable.toWeb(Readable.from(tar, { objectMode: false })) as ReadableStream, {
    headers: { 'content-type': 'application/x-tar' },
  })

async function storeOutput({ objects, maxOutputBytes }: TaskEndpointParts, uploads: UploadBudget, context: TaskContext): Promise<Response> {
  const { reference } = context.get('grant')
  const path = outputPathOf(context)
  const prefix = outputPrefix(reference)
  const maxBytes = Math.min(maxOutputBytes, uploads.left(prefix))
  try {
    const stored = await objects.put(prefix + path, context.req.raw.body ?? noBytes(), { maxBytes })
    uploads.spend(prefix, stored.bytes)
    return context.json(stored)
  } catch (error) {
    if (error instanceof ObjectTooLarge)
      throw refusal(413, `The outputs are larger than the ${maxOutputBytes} bytes that an attempt may store`)
    throw error
  }
}

function outputPathOf(context: TaskContext): string {
  // The parameter is not decoded by hono for wildcards, and a slash inside a name must not become one between names.
  const encoded = new URL(context.req.url).pathname.split('/').slice(7)
  try {
    return checkedOutputPath(encoded.map(decodeURIComponent).join('/'))
  } catch (error) {
    throw refusal(400, (error as Error).message)
  }
}

async function* noBytes(): AsyncIterable<Uint8Array> {}

/** The outputs count from now on, so everything they name has to be there. */
async function storeManifest(
  { objects, maxOutputBytes }: TaskEndpointParts,
  uploads: UploadBudget,
  context: TaskContext,
): Promise<Response> {
  const { reference } = context.get('grant')
  const text = await bodyText(context, taskLimits.manifestBytes)
  const manifest = readableManifest(text)
  const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total > maxOutputBytes) throw refusal(413, `The outputs are ${total} bytes; an attempt may store ${maxOutputBytes}`)
  const prefix = outputPrefix(reference)
  const stored = new Map(
    (await objects.list(prefix, taskLimits.outputFiles + 2)).map(({ key, bytes }) => [key.slice(prefix.length), bytes]),
  )
  const missing = manifest.files.find(({ path, bytes }) => stored.get(path) !== bytes)
  if (missing)
    throw refusal(409, `The manifest names ${missing.path} with ${missing.bytes} bytes; stored are ${stored.get(missing.path) ?? 'none'}`)
  await objects.put(manifestKey(reference), Readable.from([Buffer.from(text)]), { maxBytes: taskLimits.manifestBytes })
  uploads.forget(prefix)
  return context.body(null, 204)
}

function readableManifest(text: string) {
  try {
    return parseManifest(text)
  } catch (error) {
    throw refusal(400, (error as Error).message)
  }
}

type UploadBudget = ReturnType<typeof createUploadBudget>

/** A file that is sent again after a broken connection counts again, so an attempt may send four times what it may keep. */
function createUploadBudget(maxOutputBytes: number) {
  const maxAttempts = 10_000
  const sent = new Map<string, number>()
  return {
    left: (prefix: string) => 4 * maxOutputBytes - (sent.get(prefix) ?? 0),
    spend(prefix: string, bytes: number) {
      const total = (sent.get(prefix) ?? 0) + bytes
      sent.delete(prefix)
      sent.set(prefix, total)
      const oldest = sent.keys().next().value
      if (sent.size > maxAttempts && oldest !== undefined) sent.delete(oldest)
    },
    forget: (prefix: string) => sent.delete(prefix),
  }
}

async function bodyText(context: TaskContext, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of context.req.raw.body ?? noBytes()) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw refusal(413, `Expected a body of at most ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parsed<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch (error) {
    throw refusal(400, `The body is not what this call expects: ${(error as Error).message.slice(0, 500)}`)
  }
}

const refusal = (status: 400 | 404 | 409 | 413, message: string) => new HTTPException(status, { message })
