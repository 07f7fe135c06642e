import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import { script } from './script.ts'
import { style } from './style.ts'

export type Html = ReturnType<typeof html>

export type Shell = {
  readonly title: string
  /** Breadcrumbs after the home link. */
  readonly trail: readonly { readonly text: string; readonly href: string }[]
  /** Where the page's moving parts are asked for; none for a page that stands still. */
  readonly live: string | undefined
  readonly body: Html
}

/** A whole page. */
export function shell({ title, trail, live, body }: Shell): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="same-origin">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
</head>
<body data-live="${live ?? ''}">
<header class="top"><div><strong><a href="/">github-twin</a>${trail.map(({ text, href }) => html` / <a href="${href}">${text}</a>`)}</strong><br><span>a stand-in for GitHub on this machine</span></div></header>
<main>${body}</main>
<script>${raw(script)}</script>
</body>
</html>`
}

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Nothing runs but the script of this page, and nothing is loaded but pictures. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'img-src http: https: data:',
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** A short mark of a fragment's content, by which the page's script sees that it changed. */
export function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

const minute = 60
const hour = 60 * minute

export function duration(seconds: number): string {
  if (seconds < minute) return `${Math.max(Math.round(seconds), 0)}s`
  if (seconds < hour) return `${Math.floor(seconds / minute)}m ${Math.round(seconds % minute)}s`
  return `${Math.floor(seconds / hour)}h ${Math.floor((seconds % hour) / minute)}m`
}
