import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createPages } from '../../src/web/pages.ts'
import { aWorld, origin, pagesOf, token } from './builders.ts'

type Headers = Readonly<Record<string, string>>
const bearer = { authorization: `Bearer ${token}` }

function get(path: string, headers: Headers, over: Parameters<typeof pagesOf>[1] = {}, peer?: string) {
  const env = { incoming: { socket: { remoteAddress: peer } } }
  return pagesOf(aWorld(), over).request(`${origin}${path}`, { headers: { host: '127.0.0.1:8080', ...headers } }, env)
}

async function enter(path: string, over: Parameters<typeof pagesOf>[1] = {}) {
  const response = await get(path, {}, over)
  return { response, cookie: response.headers.get('set-cookie') ?? '', location: response.headers.get('location') ?? '' }
}

describe('with a token', () => {
  const examples: readonly (readonly [string, Headers, number])[] = [
    ['no cookie', {}, 401],
    ['the token as bearer', bearer, 200],
    ['a wrong bearer', { authorization: 'Bearer correct-horse-battery-stapler' }, 401],
    ['the token as basic credentials', { authorization: `Basic ${token}` }, 401],
    ['a cookie of that name with another value', { cookie: 'osmo_000000000000=1' }, 401],
    ['Host localhost', { ...bearer, host: 'localhost:8080' }, 200],
    ['Host [::1]', { ...bearer, host: '[::1]:8080' }, 200],
    ['Host 127.1.2.3', { ...bearer, host: '127.1.2.3' }, 200],
    ['Host of another name (rebinding)', { ...bearer, host: 'evil.example:8080' }, 403],
    ['Host that begins like loopback', { ...bearer, host: '127.0.0.1.evil.example' }, 403],
    ['Host that ends like loopback', { ...bearer, host: 'evil-localhost' }, 403],
    ['an empty Host', { ...bearer, host: '' }, 403],
    ['Origin of the same address', { ...bearer, origin }, 200],
    ['Origin of another port', { ...bearer, origin: 'http://127.0.0.1:9999' }, 403],
    ['Origin of another site', { ...bearer, origin: 'https://evil.example' }, 403],
    ['Origin null', { ...bearer, origin: 'null' }, 403],
    ['a script of another port', { ...bearer, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }, 403],
    ['an image of another site', { ...bearer, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    ['a link of another site', { ...bearer, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 200],
  ]
  for (const [title, headers, status] of examples) {
    it(`answers ${status} to ${title}`, async () => {
      assert.equal((await get('/', headers)).status, status)
      assert.equal((await get('/api/workflows', headers)).status, status)
    })
  }

  it('turns the token of the printed address into a cookie that opens the pages', async () => {
    const { response, cookie, location } = await enter(`/?status=failed&token=${token}`)
    assert.equal(response.status, 303)
    assert.equal(location, '/?status=failed')
    assert.match(cookie, /; Path=\/; HttpOnly; SameSite=Strict$/)
    assert.ok(!cookie.includes(token), 'the token itself is not the cookie')
    assert.equal((await get('/', { cookie: cookie.split(';')[0] ?? '' })).status, 200)
  })

  const redirects = [
    [`/workflows/a-1?token=${token}`, '/workflows/a-1'],
    [`//evil.example/?token=${token}`, '/evil.example/'],
    [`/\\evil.example/?token=${token}`, '/evil.example/'],
    [`/?token=${token}&token=${token}`, '/'],
  ] as const
  for (const [address, expected] of redirects) {
    it(`sends ${address.replaceAll(token, '…')} on to ${expected}`, async () => assert.equal((await enter(address)).location, expected))
  }

  it('gives no cookie for a wrong token', async () => {
    const { response, cookie } = await enter('/?token=guess')
    assert.equal(response.status, 401)
    assert.equal(cookie, '')
  })

  it('says where the address is printed, and does not repeat what came', async () => {
    const text = await (await get('/workflows/secret-name?token=guess', {})).text()
    assert.match(text, /in its terminal when it started/)
    assert.doesNotMatch(text, /secret-name|guess/)
  })

  it('accepts the host of its public address, with a cookie for HTTPS only', async () => {
    const over = { publicUrl: 'https://osmo.example' }
    assert.equal((await get('/', { ...bearer, host: 'osmo.example' }, over)).status, 200)
    assert.equal((await get('/', { ...bearer, host: 'other.example' }, over)).status, 403)
    assert.match((await enter(`/?token=${token}`, over)).cookie, /; Secure/)
  })

  it('is for reading only', async () => {
    const request = (method: string) => pagesOf(aWorld()).request(`${origin}/`, { method, headers: { host: '127.0.0.1:8080', ...bearer } })
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) assert.equal((await request(method)).status, 405, method)
    assert.equal((await request('HEAD')).status, 200)
  })

  it('refuses a token that could be guessed', () => {
    assert.throws(
      () => createPages({ ...aWorld(), log: console, access: { kind: 'token', token: 'short' } }),
      /at least 16 characters, got 5/,
    )
  })
})

describe('on loopback only', () => {
  const access = { kind: 'loopback-only' } as const
  const examples: readonly (readonly [string, string | undefined, Headers, number])[] = [
    ['a peer at 127.0.0.1', '127.0.0.1', {}, 200],
    ['a peer at ::1', '::1', { host: 'localhost' }, 200],
    ['a peer at ::ffff:127.0.0.1', '::ffff:127.0.0.1', {}, 200],
    ['a peer of the network', '10.0.0.7', {}, 404],
    ['a peer that says it is local', '10.0.0.7', { host: 'localhost', 'x-forwarded-for': '127.0.0.1' }, 404],
    ['a connection without address (a socket)', undefined, {}, 404],
    ['a public Host', '127.0.0.1', { host: 'osmo.example' }, 404],
    ['what came through a proxy', '127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, 404],
    ['what came through another proxy', '127.0.0.1', { forwarded: 'for=203.0.113.9' }, 404],
    ['a script of another site', '127.0.0.1', { origin: 'https://evil.example' }, 404],
  ]
  for (const [title, peer, headers, status] of examples) {
    it(`answers ${status} to ${title}`, async () => {
      const over = { access, publicUrl: 'https://osmo.example' }
      assert.equal((await get('/', headers, over, peer)).status, status)
      assert.equal((await get('/api/workflows', headers, over, peer)).status, status)
    })
  }

  it('gives the same answer for what exists and for what does not', async () => {
    const answer = async (path: string) => (await get(path, {}, { access }, '10.0.0.7')).text()
    const withoutNonce = (text: string) => text.replace(/nonce="[^"]+"/g, '')
    assert.equal(withoutNonce(await answer('/')), withoutNonce(await answer('/nowhere')))
  })
})
