import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { logOptions } from '../../src/installation/log.ts'

const token = `ghs_${'a'.repeat(36)}`

describe('The log', () => {
  it('shows the message and the stack of an error', () => {
    const line = logged({ error: new TypeError('nobody had expected this') })
    assert.equal(line.error.message, 'nobody had expected this')
    assert.match(line.error.stack, /log\.test\.ts/)
  })

  it('bounds both', () => {
    const line = logged({ error: new Error('x'.repeat(100_000)) })
    assert.ok(JSON.stringify(line).length < 12_000)
  })

  it('keeps what is no error as it is', () => {
    assert.equal(logged({ error: 'connection lost' }).error, 'connection lost')
  })

  const secrets: readonly (readonly [text: string, secret: string])[] = [
    [`git said ${token}`, token],
    [`https://x-access-token:${token}@github.com/a/b`, token],
    ['https://x-access-token:another-kind@github.com/a/b', 'another-kind'],
    ['authorization: Bearer abcdefghijklmnopqrstuvwxyz', 'abcdefghijklmnopqrstuvwxyz'],
    ['authorization: token abcdefghijklmnopqrstuvwxyz', 'abcdefghijklmnopqrstuvwxyz'],
    ['postgres://osmo:a-password@db/osmo', 'a-password'],
    [`eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln`, 'eyJpc3MiOiIxIn0'],
    [`github_pat_${'b'.repeat(30)}`, 'b'.repeat(30)],
  ]
  for (const [text, secret] of secrets)
    it(`does not tell the secret of ${text.replace(secret, '…')}`, () => {
      for (const fields of [{ error: new Error(text) }, { reason: text }, { deep: { inside: [text] } }])
        assert.ok(!JSON.stringify(logged(fields, text)).includes(secret))
    })

  it('leaves other lines alone', () => {
    const plain = { url: 'http://127.0.0.1:8080/a:b@c', workflow: 'reach-1', sha: 'a'.repeat(40) }
    const { url, workflow, sha } = logged(plain, 'a token was read')
    assert.deepEqual({ url, workflow, sha }, plain)
  })
})

function logged(fields: object, message = 'something happened') {
  let line = ''
  pino(logOptions('info'), { write: (text) => (line += text) }).info(fields, message)
  return JSON.parse(line)
}
