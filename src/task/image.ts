import { type ContainerEngine, callEngine, listContainers } from '../engine/container-engine.ts'
import { AttemptEnded, exitCodes } from './exits.ts'

/** An image that the engine has. */
export type Image = {
  /** What containers are made of: pinned, so that every run of an attempt is of the same image. */
  readonly id: string
  /** `PATH` as the image sets it. */
  readonly searchPath: string | undefined
}

export type ImageOptions = {
  readonly engine: ContainerEngine
  /** As the spec has it. */
  readonly image: string
  readonly note: (text: string) => void
  readonly signal: AbortSignal
}

/** Longer than any deadline of a start, which is what ends a pull. */
const pullMs = 24 * 3600 * 1000
const inspectMs = 60_000

/** Finds the image, or pulls it where it is missing. Throws `AttemptEnded` when it cannot be had, and what the signal says when that ends it. */
export async function prepareImage({ engine, image, note, signal }: ImageOptions): Promise<Image> {
  const reference = fullReference(image)
  const present = await inspect(engine, reference, signal)
  if (present !== undefined) return present
  note(`Pulling the image ${reference}.`)
  const pulled = await callEngine(engine, ['pull', '--quiet', '--', reference], { timeoutMs: pullMs, signal })
  signal.throwIfAborted()
  if (pulled.kind === 'failed') throw await failureOfPull(engine, reference, pulled.words)
  const fresh = await inspect(engine, reference, signal)
  if (fresh === undefined) throw pullFailed(`${engine.name} pulled the image ${reference} and then did not have it`)
  return fresh
}

/** Of an engine that is away no image can be had either, but another attempt may find it. */
async function failureOfPull(engine: ContainerEngine, reference: string, words: string): Promise<AttemptEnded> {
  const looked = await listContainers(engine, ['--latest'])
  return looked.kind === 'failed'
    ? new AttemptEnded('backend-error', exitCodes.backendError, `${engine.name} does not answer: ${looked.words}`)
    : pullFailed(`${engine.name} could not pull the image ${reference}: ${words}`)
}

const pullFailed = (message: string) => new AttemptEnded('image-pull', exitCodes.imagePull, message)

/**
 * `ubuntu:24.04` is `docker.io/library/ubuntu:24.04`, as in OSMO and Docker (its reference grammar: a first part with a dot, a colon or
 * `localhost` names a registry). Left to podman it would be whatever the first registry of a list calls so.
 */
export function fullReference(image: string): string {
  if (!/^[a-zA-Z0-9][\w./:@-]*$/.test(image))
    throw pullFailed(`Expected an image such as ubuntu:24.04 or nvcr.io/nvidia/isaac-sim:5.0.0, got ${JSON.stringify(image.slice(0, 200))}`)
  const [first = '', ...rest] = image.split('/')
  if (rest.length === 0) return `docker.io/library/${image}`
  return /[.:]/.test(first) || first === 'localhost' ? image : `docker.io/${image}`
}

async function inspect(engine: ContainerEngine, reference: string, signal: AbortSignal): Promise<Image | undefined> {
  const args = ['image', 'inspect', '--format', '{{.Id}} {{json .Config}}', reference]
  const answer = await callEngine(engine, args, { timeoutMs: inspectMs, signal })
  signal.throwIfAborted()
  if (answer.kind === 'failed') return undefined
  const [, id = '', config = ''] = /^(\S+) (.*)/s.exec(answer.text) ?? []
  const { Env: variables } = JSON.parse(config) as { readonly Env?: readonly string[] | null }
  return { id, searchPath: variables?.find((variable) => variable.startsWith('PATH='))?.slice('PATH='.length) }
}
