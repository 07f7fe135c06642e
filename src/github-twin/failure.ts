/** An answer other than success, thrown from anywhere below a route. */
export class Failure extends Error {
  readonly status: number
  readonly errors: readonly object[] | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, errors?: readonly object[], headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.errors = errors
    this.headers = headers
  }
}

/** What GitHub answers where something does not exist or may not be known to exist. */
export function notFound(): Failure {
  return new Failure(404, 'Not Found')
}

export function forbidden(): Failure {
  return new Failure(403, 'Resource not accessible by integration')
}

/** @param problem - what is wrong with the field, in GitHub's manner: `is too long (maximum is 65535 characters)` */
export function invalid(resource: string, field: string, problem: string): Failure {
  return new Failure(422, `Invalid request.\n\n${field} ${problem}`, [{ resource, code: 'custom', field, message: `${field} ${problem}` }])
}
