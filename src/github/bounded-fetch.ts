const maxAnswerBytes = 32 * 1024 * 1024
const maxRedirects = 3

export type BoundedFetchOptions = {
  readonly apiUrl: string
  readonly timeoutMs: number
  readonly headers: Readonly<Record<string, string>>
}

/**
 * A `fetch` that talks to our API address only, waits for a bounded time, takes a bounded answer, and follows redirects of reads
 * within that address. A redirected write comes back as it is.
 */
export function boundedFetch({ apiUrl, timeoutMs, headers }: BoundedFetchOptions): typeof fetch {
  const { origin } = new URL(apiUrl)
  return async (input, init = {}) => {
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(init.signal ? [init.signal] : [])])
    const options = {
      ...init,
      headers: { ...Object.fromEntries(new Headers(init.headers)), ...headers },
      redirect: 'manual' as const,
      signal,
    }
    const answer = await follow(addressOf(input), options, origin)
    return bounded(answer)
  }
}

const addressOf = (input: Parameters<typeof fetch>[0]) => new URL(input instanceof Request ? input.url : input)

async function follow(first: URL, options: RequestInit, origin: string): Promise<Response> {
  let address = first
  for (let redirects = 0; ; redirects++) {
    if (address.origin !== origin) throw new Error(`Refused to send a request to ${address.origin}, since the API is at ${origin}`)
    const answer = await fetch(address, options)
    const next = answer.headers.get('location')
    if (options.method !== 'GET' || next === null || ![301, 302, 307, 308].includes(answer.status)) return answer
    if (redirects === maxRedirects) throw new Error(`Expected at most ${maxRedirects} redirects, got more`)
    await answer.body?.cancel()
    address = new URL(next, address)
  }
}

/** The body is counted while it is read, so that an endless answer ends. */
function bounded(answer: Response): Response {
  if (answer.body === null) return answer
  let size = 0
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      size += chunk.byteLength
      if (size > maxAnswerBytes) controller.error(new Error(`Expected an answer of at most ${maxAnswerBytes} bytes`))
      else controller.enqueue(chunk)
    },
  })
  return new Response(answer.body.pipeThrough(count), { status: answer.status, statusText: answer.statusText, headers: answer.headers })
}
