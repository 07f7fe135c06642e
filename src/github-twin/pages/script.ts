/**
 * Keeps a page alive: asks once a second for its moving parts and exchanges only those that changed, so that what a reader has opened
 * stays open. Sends the form without leaving the page. Everything works without it, by reloading.
 */
export const script = `
const live = document.body.dataset.live
let seen = ''
function exchange(list, html) {
  const fresh = document.createElement('template')
  fresh.innerHTML = html
  const wanted = [...fresh.content.children]
  const names = new Set(wanted.map((item) => item.id))
  for (const old of [...list.children]) if (!names.has(old.id)) old.remove()
  wanted.forEach((item, index) => {
    const old = document.getElementById(item.id)
    if (old && old.parentElement === list) {
      if (old.dataset.version === item.dataset.version) { if (list.children[index] !== old) list.insertBefore(old, list.children[index]); return }
      if (old.open) item.open = true
      old.replaceWith(item)
    } else list.insertBefore(item, list.children[index] ?? null)
  })
}
async function look() {
  const answer = await fetch(live + '?seen=' + seen, { cache: 'no-store' })
  if (answer.status !== 200) return
  const page = await answer.json()
  seen = page.version
  for (const [id, html] of Object.entries(page.parts)) { const list = document.getElementById(id); if (list) exchange(list, html) }
}
let looking = false
async function tick() {
  if (looking || document.hidden) return
  looking = true
  try { await look() } catch { /* It may be starting again; the next second asks once more. */ } finally { looking = false }
}
if (live) setInterval(tick, 1000)
const form = document.getElementById('comment-form')
if (form) {
  const person = document.getElementById('person')
  const notice = document.getElementById('notice')
  const say = (text, kind) => { notice.textContent = text; notice.className = kind }
  const kept = localStorage.getItem('person')
  if (kept && [...person.options].some((option) => option.value === kept)) person.value = kept
  person.addEventListener('change', () => localStorage.setItem('person', person.value))
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const button = event.submitter
    const body = new URLSearchParams(new FormData(form, button))
    const pressed = button && button.hasAttribute('formaction')
    say('', '')
    if (button) button.disabled = true
    try {
      const answer = await fetch(pressed ? button.formAction : form.getAttribute('action'), { method: 'POST', body, headers: { accept: 'application/json' } })
      if (!answer.ok) say((await answer.json()).message, 'bad')
      else if (pressed) say('The app was told.', '')
      else document.getElementById('comment-body').value = ''
    } catch { say('The page could not reach its server. Nothing was sent.', 'bad') }
    if (button) button.disabled = false
    tick()
  })
}
`
