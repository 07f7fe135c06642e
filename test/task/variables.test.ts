import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { handOver } from '../../src/task/variables.ts'

const file = ['--env-file', '/file']
const long = 'x'.repeat(70_000)

describe('variables of a container', () => {
  const examples = [
    ['a line', { A: 'b "c" \\ $D' }, { arguments: file, inherited: {}, file: 'A=b "c" \\ $D\n' }],
    ['nothing', { A: '' }, { arguments: file, inherited: {}, file: 'A=\n' }],
    ['several lines', { A: 'b\nc' }, { arguments: [...file, '--env', 'A'], inherited: { A: 'b\nc' }, file: '' }],
    ['a carriage return', { A: 'b\r' }, { arguments: [...file, '--env', 'A'], inherited: { A: 'b\r' }, file: '' }],
    ['a long line', { A: long }, { arguments: [...file, '--env', 'A'], inherited: { A: long }, file: '' }],
    ['a name with a dot', { 'a.b': 'c' }, { arguments: file, inherited: {}, file: 'a.b=c\n' }],
    ['a name that a file takes for a comment', { '#a': 'c' }, { arguments: [...file, '--env', '#a=c'], inherited: {}, file: '' }],
    ['a name with a blank', { 'a b': 'c' }, { arguments: [...file, '--env', 'a b=c'], inherited: {}, file: '' }],
    ['a steering name with one line', { LD_PRELOAD: '/x.so' }, { arguments: file, inherited: {}, file: 'LD_PRELOAD=/x.so\n' }],
  ] as const
  for (const [title, environment, handed] of examples) {
    it(title, () => {
      assert.deepEqual(handOver(environment, '/file'), handed)
    })
  }

  for (const name of [
    'LD_PRELOAD',
    'DOCKER_HOST',
    'CONTAINERS_CONF',
    'PATH',
    'HOME',
    'XDG_RUNTIME_DIR',
    'HTTPS_PROXY',
    'http_proxy',
    'GODEBUG',
  ]) {
    it(`never hands ${name} to the engine’s command`, () => {
      assert.throws(() => handOver({ [name]: 'a\nb' }, '/file'), /cannot be handed to a container/)
    })
  }
})
