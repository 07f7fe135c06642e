import { randomBytes } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'

export type PageVariables = { readonly Variables: { nonce: string } }

/** Nothing is loaded from anywhere, and only the script and style that carry this answer's nonce count. */
export function securityHeaders(): MiddlewareHandler<PageVariables> {
  return async (context, next) => {
    const nonce = randomBytes(16).toString('base64')
    context.set('nonce', nonce)
    await next()
    for (const [name, value] of Object.entries(headers(nonce))) context.res.headers.set(name, value)
  }
}

const headers = (nonce: string) => ({
  'content-security-policy': [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
})
