import { html } from 'hono/html'
import { document } from './document.ts'
import type { Html } from './markup.ts'

/** Pages that say the same to everybody: nothing that came with the request is repeated on them. */
export const notFoundPage = (nonce: string) =>
  notice(nonce, 'Not found', html`<p>There is nothing at this address.</p><p><a href="/">All workflows</a></p>`)

export const failedPage = (nonce: string) =>
  notice(nonce, 'Something went wrong', html`<p>The service could not make this page. Its log says why.</p><p>Try again in a moment.</p>`)

export const badRequestPage = (nonce: string, message: string) =>
  notice(nonce, 'This address is not complete', html`<p>${message}</p><p><a href="/">All workflows</a></p>`)

export const unauthorizedPage = (nonce: string) =>
  notice(
    nonce,
    'Open the address with the token',
    html`<p>These pages are for the person who started the service. It printed an address that ends in <code>?token=…</code> in its terminal when it started: open that one once in this browser.</p>
<p>If you have done so and came here by a link from another site, <a href="">try again</a>.</p>`,
  )

export const forbiddenPage = (nonce: string) =>
  notice(
    nonce,
    'Not by this name',
    html`<p>These pages answer at <code>localhost</code> or <code>127.0.0.1</code> only, and not to scripts of other sites.</p>`,
  )

function notice(nonce: string, title: string, body: Html): Html {
  const main = html`<section class="notice"><h1>${title}</h1>${body}</section>`
  return document({ nonce, title: `${title} · osmo-runner`, main, script: 'none', changes: 'no-more' })
}
