import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AttemptReference } from '../workflow/names.ts'
import type { AttemptDesk, AttemptGrants } from './ports.ts'

/**
 * The token of an attempt: HMAC-SHA-256 over its name, the same however often its pod is created. It is never stored; it is good while
 * the attempt lives, which the grants know.
 */
export function attemptToken(serverKey: string, { workflow, task, attempt }: AttemptReference): string {
  return createHmac('sha256', serverKey)
    .update(JSON.stringify(['attempt', workflow, task, attempt]))
    .digest('base64url')
}

/** Proves each call: first the token, in constant time, then PostgreSQL's word that the attempt still lives. */
export function createAttemptDesk(serverKey: string, grants: AttemptGrants): AttemptDesk {
  return {
    async authorize(reference, token) {
      return isEqual(attemptToken(serverKey, reference), token) ? grants.attemptGrant(reference) : undefined
    },
  }
}

function isEqual(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}
