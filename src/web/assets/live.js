// Keeps a page that still changes up to date: it is fetched again, and only what differs is put in place, so that focus and selection stay.
;(() => {
  const main = document.getElementById('main')
  const interval = 2000
  const slowest = 30_000
  let wait = interval

  if (main.dataset.changes === 'still') schedule()

  function schedule() {
    setTimeout(refresh, wait)
  }

  async function refresh() {
    if (document.hidden) return schedule()
    try {
      const response = await fetch(location.href, {
        headers: { 'x-osmo-refresh': '1' },
        signal: AbortSignal.timeout(10_000),
        cache: 'no-store',
      })
      if (response.status === 401 || response.status === 404) return
      if (!response.ok) throw new Error(String(response.status))
      show(await response.text())
      wait = interval
    } catch {
      wait = Math.min(wait * 2, slowest)
    }
    if (main.dataset.changes === 'still') schedule()
  }

  function show(text) {
    const fresh = new DOMParser().parseFromString(text, 'text/html')
    document.title = fresh.title
    const next = fresh.getElementById('main')
    if (next) morph(main, next)
  }

  function morph(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(document.importNode(fresh, true))
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue
      return
    }
    morphAttributes(old, fresh)
    morphChildren(old, fresh)
  }

  function morphAttributes(old, fresh) {
    // Whether details are open is the reader's business.
    const ours = (name) => !(old.nodeName === 'DETAILS' && name === 'open')
    for (const { name } of [...old.attributes]) if (ours(name) && !fresh.hasAttribute(name)) old.removeAttribute(name)
    for (const { name, value } of fresh.attributes) if (ours(name) && old.getAttribute(name) !== value) old.setAttribute(name, value)
  }

  function morphChildren(old, fresh) {
    const [before, after] = [[...old.childNodes], [...fresh.childNodes]]
    after.forEach((child, index) => {
      if (before[index]) morph(before[index], child)
      else old.append(document.importNode(child, true))
    })
    for (const rest of before.slice(after.length)) rest.remove()
  }
})()
