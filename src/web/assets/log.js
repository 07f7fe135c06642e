// Follows the log of a running attempt by the sequence of its chunks. Text only: what a task printed never becomes markup.
;(() => {
  const log = document.getElementById('log')
  const state = document.getElementById('log-state')
  const interval = 1000
  const slowest = 30_000
  const maxCharacters = 2_000_000
  let after = Number(log.dataset.after)
  let carry = ''
  let wait = interval
  let length = log.textContent.length
  const follows = log.dataset.live === 'live'

  say()
  document.addEventListener('scroll', noticeScroll, { passive: true })
  if (follows) {
    scrollToEnd()
    schedule()
  }

  function schedule() {
    setTimeout(read, wait)
  }

  async function read() {
    if (document.hidden) return schedule()
    try {
      const answer = await fetchPart()
      append(answer.chunks.map((chunk) => chunk.text).join(''))
      after = answer.next
      wait = answer.more ? 0 : interval
      if (!answer.live) log.dataset.live = 'ended'
      if (answer.status !== log.dataset.status) await showHead(answer.status)
      if (answer.live || answer.more) schedule()
    } catch (error) {
      if (error.message === 'gone') return
      wait = Math.min(Math.max(wait, interval) * 2, slowest)
      schedule()
    }
    say()
  }

  async function fetchPart() {
    const url = `${log.dataset.api}&after=${after}`
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000), cache: 'no-store' })
    if (response.status === 401 || response.status === 404) throw new Error('gone')
    if (!response.ok) throw new Error(String(response.status))
    return response.json()
  }

  function append(text) {
    const clean = plain(carry + text)
    if (clean === '') return
    const atEnd = isAtEnd()
    log.append(clean)
    length += clean.length
    while (length > maxCharacters && log.childNodes.length > 1) {
      length -= log.firstChild.nodeValue.length
      log.firstChild.remove()
    }
    if (atEnd) scrollToEnd()
  }

  // The rule of `plain` in src/workflow/text.ts. An escape sequence that is not complete waits for the rest of it.
  function plain(text) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the start of an escape sequence
    const open = /\u001b(\[[0-9;?]{0,40})?$/.exec(text)
    carry = open ? open[0] : ''
    return text
      .slice(0, text.length - carry.length)
      .replace(/\r\n?/g, '\n')
      .replace(
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
        /\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
        '',
      )
  }

  // Where the attempt stands is above the log.
  async function showHead(status) {
    const response = await fetch(location.href, {
      headers: { 'x-osmo-refresh': '1' },
      signal: AbortSignal.timeout(10_000),
      cache: 'no-store',
    })
    if (!response.ok) throw new Error(String(response.status))
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('head')
    if (fresh) document.getElementById('head').replaceWith(document.importNode(fresh, true))
    log.dataset.status = status
  }

  function isAtEnd() {
    return follows && innerHeight + scrollY >= document.documentElement.scrollHeight - 60
  }

  function scrollToEnd() {
    scrollTo(0, document.documentElement.scrollHeight)
  }

  function noticeScroll() {
    if (log.dataset.live === 'live') say()
  }

  function say() {
    log.classList.toggle('empty', log.textContent === '')
    if (log.dataset.live !== 'live') state.textContent = ''
    else state.textContent = isAtEnd() ? 'following' : 'live; scroll to the end to follow'
  }
})()
