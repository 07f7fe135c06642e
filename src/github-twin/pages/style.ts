/** Plain, close to what people know, dark where they like it dark. */
export const style = `
:root{color-scheme:light dark;--text:#1f2328;--quiet:#59636e;--ground:#fff;--raised:#f6f8fa;--line:#d1d9e0;--link:#0969da;--green:#1a7f37;--red:#d1242f;--amber:#9a6700;--purple:#8250df;--button:#1f883d}
@media (prefers-color-scheme:dark){:root{--text:#f0f6fc;--quiet:#9198a1;--ground:#0d1117;--raised:#151b23;--line:#3d444d;--link:#4493f8;--green:#3fb950;--red:#f85149;--amber:#d29922;--purple:#ab7df8;--button:#238636}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:anywhere}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
.top{background:var(--raised);border-bottom:1px solid var(--line);padding:12px 16px}
.top div,main{max-width:1000px;margin:0 auto}
.top strong a{color:var(--text)}
.top span{color:var(--quiet);font-size:13px}
main{padding:20px 16px 60px}
h1{font-size:26px;font-weight:500;line-height:1.25;margin:0 0 8px}
h1 .number{color:var(--quiet);font-weight:300}
h2{font-size:16px;font-weight:600;margin:28px 0 10px}
.quiet{color:var(--quiet)}
code,pre,.sha{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:85%}
.branch{background:color-mix(in srgb,var(--link) 12%,transparent);color:var(--link);padding:2px 6px;border-radius:6px;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12px}
.state{display:inline-block;color:#fff;border-radius:999px;padding:4px 12px;font-size:14px;font-weight:500;margin-right:6px}
.state.open{background:var(--button)}.state.closed{background:var(--red)}.state.merged{background:var(--purple)}.state.draft{background:#59636e}
.box{border:1px solid var(--line);border-radius:8px;overflow:hidden}
.box>*+*{border-top:1px solid var(--line)}
.row{display:flex;gap:10px;align-items:center;padding:9px 14px;flex-wrap:wrap}
.row .grow{flex:1 1 12em;min-width:0}
.headline{padding:12px 14px;font-weight:600;background:var(--raised)}
.check>summary{display:flex;gap:10px;align-items:center;padding:9px 14px;cursor:pointer;list-style:none}
.check>summary::-webkit-details-marker{display:none}
.check>summary:hover{background:var(--raised)}
.check .name{font-weight:600}
.check .said{color:var(--quiet);flex:1 1 10em;min-width:0}
.check .body{padding:4px 16px 16px 40px}
.check .tools{display:flex;gap:8px;flex-wrap:wrap;margin-top:12px}
.tag{border:1px solid var(--line);border-radius:999px;padding:0 8px;font-size:12px;color:var(--quiet);white-space:nowrap}
.icon{width:16px;height:16px;flex:none;vertical-align:-3px}
.success{color:var(--green)}.failure,.timed_out{color:var(--red)}.queued,.action_required,.expected{color:var(--amber)}.in_progress{color:var(--amber)}.neutral,.skipped,.cancelled,.stale{color:var(--quiet)}
.in_progress .turn{transform-origin:8px 8px;animation:turn 1s linear infinite}
@keyframes turn{to{transform:rotate(360deg)}}
@media (prefers-reduced-motion:reduce){.in_progress .turn{animation:none}}
.comment{margin-top:16px}
.comment .by{background:var(--raised);padding:8px 14px;font-size:14px;color:var(--quiet)}
.comment .by b{color:var(--text)}
.comment .markdown{padding:12px 16px}
.reactions{padding:0 14px 10px;border-top:0!important;display:flex;gap:6px}
.annotation{border-left:3px solid var(--amber);padding:4px 12px;margin:10px 0;background:var(--raised)}
.annotation.failure{border-color:var(--red);color:inherit}.annotation.notice{border-color:var(--link)}
.annotation pre{white-space:pre-wrap;margin:4px 0}
form.say{margin-top:24px;border:1px solid var(--line);border-radius:8px;padding:14px;display:grid;gap:10px}
form.say .row{padding:0}
textarea,select,button{font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:6px;padding:6px 10px;max-width:100%}
textarea{width:100%;min-height:90px;resize:vertical;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px}
button{cursor:pointer;background:var(--raised);font-weight:500}
button.main{background:var(--button);border-color:transparent;color:#fff}
button:focus-visible,textarea:focus-visible,select:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:1px}
#notice{margin:0}#notice:not(:empty){position:fixed;left:50%;bottom:16px;transform:translateX(-50%);max-width:92vw;background:var(--raised);border:1px solid var(--line);border-radius:8px;padding:8px 16px;box-shadow:0 4px 16px #0004}#notice.bad{color:var(--red)}
.markdown>:first-child{margin-top:0}.markdown>:last-child{margin-bottom:0}
.markdown h1,.markdown h2{border-bottom:1px solid var(--line);padding-bottom:4px;font-weight:600}
.markdown h1{font-size:22px}.markdown h2{font-size:19px}.markdown h3{font-size:16px}
.markdown table{border-collapse:collapse;margin:0 0 14px;display:block;max-width:100%;width:max-content;overflow-x:auto}
.markdown th,.markdown td{border:1px solid var(--line);padding:5px 11px;overflow-wrap:normal}
.markdown tr:nth-child(even){background:var(--raised)}
.markdown code{background:color-mix(in srgb,var(--quiet) 18%,transparent);padding:2px 5px;border-radius:5px}
.markdown pre{background:var(--raised);padding:12px;border-radius:6px;overflow-x:auto}
.markdown pre code{background:none;padding:0}
.markdown blockquote{margin:0 0 12px;padding:0 14px;color:var(--quiet);border-left:4px solid var(--line)}
.markdown img{max-width:100%}
.markdown summary{cursor:pointer}
.markdown-alert{border-left:4px solid var(--link);padding:4px 14px;margin:0 0 14px}
.markdown-alert-title{font-weight:600;color:var(--link);margin:4px 0}
.markdown-alert-warning{border-color:var(--amber)}.markdown-alert-warning .markdown-alert-title{color:var(--amber)}
.markdown-alert-caution{border-color:var(--red)}.markdown-alert-caution .markdown-alert-title{color:var(--red)}
.markdown-alert-tip{border-color:var(--green)}.markdown-alert-tip .markdown-alert-title{color:var(--green)}
.markdown-alert-important{border-color:var(--purple)}.markdown-alert-important .markdown-alert-title{color:var(--purple)}
@media (max-width:600px){.check .body{padding-left:16px}.check>summary{flex-wrap:wrap}h1{font-size:21px}main{padding:14px 10px 40px}}
`
