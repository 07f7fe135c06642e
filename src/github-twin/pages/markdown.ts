import { Marked, type Tokens } from 'marked'
import sanitizeHtml from 'sanitize-html'

/** In a comment a line break is one, as in a letter; in a document it is a blank. */
export type MarkdownKind = 'comment' | 'document'

const renderers: Readonly<Record<MarkdownKind, Marked>> = { comment: markedFor('breaks'), document: markedFor('flow') }
const rendered = new Map<string, string>()
const renderedLimit = 500

/** GitHub-flavoured Markdown as HTML that holds nothing but formatting: no script, style, handler, frame, form or HTML comment. */
export function renderMarkdown(text: string, kind: MarkdownKind): string {
  const key = `${kind}:${text}`
  const known = rendered.get(key)
  if (known !== undefined) return known
  const html = sanitizeHtml(renderers[kind].parse(text, { async: false }), allowed)
  if (rendered.size >= renderedLimit) rendered.delete(rendered.keys().next().value ?? '')
  rendered.set(key, html)
  return html
}

function markedFor(lines: 'breaks' | 'flow'): Marked {
  return new Marked({
    gfm: true,
    breaks: lines === 'breaks',
    renderer: {
      blockquote(token: Tokens.Blockquote) {
        const inner = this.parser.parse(token.tokens)
        return alertIn(inner) ?? `<blockquote>\n${inner}</blockquote>\n`
      },
    },
  })
}

const alertMark = /^<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*(?:<br>|\n|(?=<\/p>))/

/** A quote that begins with `[!WARNING]` alone on its line is an alert. */
function alertIn(html: string): string | undefined {
  const kind = alertMark.exec(html)?.[1]
  if (kind === undefined) return undefined
  const title = kind.charAt(0) + kind.slice(1).toLowerCase()
  const body = html.replace(alertMark, '<p>').replace('<p></p>', '')
  return `<div class="markdown-alert markdown-alert-${kind.toLowerCase()}"><p class="markdown-alert-title">${title}</p>${body}</div>\n`
}

const headings = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6']
const blocks = ['p', 'div', 'blockquote', 'pre', 'ul', 'ol', 'li', 'dl', 'dt', 'dd', 'hr', 'details', 'summary']
const table = ['table', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td', 'caption']
const inline = 'a b i strong em code kbd samp var tt del ins s strike sub sup br img span small mark abbr q picture source input'.split(' ')

const allowed: sanitizeHtml.IOptions = {
  allowedTags: [...headings, ...blocks, ...table, ...inline],
  allowedAttributes: {
    a: ['href', 'title', 'rel'],
    img: ['src', 'alt', 'title', 'width', 'height', 'align'],
    source: ['srcset', 'media'],
    input: ['type', 'checked', 'disabled'],
    details: ['open'],
    ol: ['start'],
    abbr: ['title'],
    '*': ['align', 'colspan', 'rowspan'],
  },
  allowedClasses: { div: ['markdown-alert', 'markdown-alert-*'], p: ['markdown-alert-title'], code: ['language-*'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
  disallowedTagsMode: 'discard',
  transformTags: {
    a: sanitizeHtml.simpleTransform('a', { rel: 'nofollow noopener noreferrer' }),
    input: (tagName, attributes) => ({
      tagName,
      attribs: { type: 'checkbox', disabled: '', ...('checked' in attributes ? { checked: '' } : {}) },
    }),
  },
}
