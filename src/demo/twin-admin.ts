/** The verbs of a person, an owner or fate on the GitHub stand-in, over HTTP. */
export type TwinAdmin = <T>(verb: string, input: object) => Promise<T>

/** Throws with the stand-in's own words when it refuses. */
export function createTwinAdmin(url: string, token: string): TwinAdmin {
  return async <T>(verb: string, input: object) => {
    const response = await fetch(`${url}/_twin/${verb}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(input),
      signal: AbortSignal.timeout(30_000),
    })
    const body = (await response.json()) as T & { readonly message?: string }
    if (!response.ok) throw new Error(`The GitHub stand-in refused ${verb}: ${body.message}`)
    return body
  }
}
