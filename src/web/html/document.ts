import { readFileSync } from 'node:fs'
import { html, raw } from 'hono/html'
import { type Html, nothing } from './markup.ts'

export type PageScript = 'live' | 'log'
export type DocumentParts = {
  readonly nonce: string
  readonly title: string
  readonly main: Html
  readonly script: PageScript | 'none'
  /** Without a script, a page that still changes is loaded again by the browser. */
  readonly changes: 'still' | 'no-more'
}

const asset = (name: string) => readFileSync(new URL(`../assets/${name}`, import.meta.url), 'utf8')
/** Ours, read once: the only text that goes into a page unescaped. */
const style = asset('style.css')
const scripts: Readonly<Record<PageScript, string>> = { live: asset('live.js'), log: asset('log.js') }

/** What the script of a page that is open already fetches: style and scripts of another answer, with its nonce, would count for nothing there. */
export const refresh = ({ title, main, changes }: Pick<DocumentParts, 'title' | 'main' | 'changes'>): Html =>
  html`<!doctype html><title>${title}</title><main id="main" data-changes="${changes}">
${main}
</main>`

export function document({ nonce, title, main, script, changes }: DocumentParts): Html {
  const reload = changes === 'still' ? html`<noscript><meta http-equiv="refresh" content="5"></noscript>` : nothing
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect x='1' y='3' width='9' height='4' rx='2' fill='%232563eb'/%3E%3Crect x='6' y='9' width='9' height='4' rx='2' fill='%2316a34a'/%3E%3C/svg%3E">
${reload}<style nonce="${nonce}">${raw(style)}</style>
</head>
<body>
<header class="top"><a class="brand" href="/"><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><rect x="1" y="3" width="9" height="4" rx="2" class="bar active"/><rect x="6" y="9" width="9" height="4" rx="2" class="bar good"/></svg>osmo-runner</a></header>
<main id="main" data-changes="${changes}">
${main}
</main>
${script === 'none' ? nothing : html`<script nonce="${nonce}">${raw(scripts[script])}</script>`}
</body>
</html>
`
}
