import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { gitPush } from '../harness/git-push.ts'
import { type Annotation, anInstallation, type Check, type TestInstallation } from '../harness/installation.ts'
import { specText } from '../harness/specs.ts'

const unknownInput = specText({ name: 'unknown-input', script: 'true', tasks: '      inputs:\n        - task: nobody' })
const undefinedName = specText({ name: 'undefined-name', script: 'echo {{ sped }}' })

/** Each in `.osmo/`, with the lines where its fault is. */
const bad: readonly (readonly [title: string, file: string, text: string, line: number, message: RegExp])[] = [
  ['is not YAML', 'not-yaml.yaml', 'workflow:\n  name: broken\n  tasks: [unclosed\n', 3, /./],
  ['has no tasks', 'no-tasks.yaml', 'on: push\n\nworkflow:\n  name: empty\n', 4, /tasks/],
  ['names an unknown input', 'unknown-input.yaml', unknownInput, lineOf(unknownInput, 'nobody'), /nobody/],
  ['uses a template name that nothing defines', 'undefined-name.yaml', undefinedName, lineOf(undefinedName, 'sped'), /sped/],
  ['has 5 MB', 'large.yaml', `# ${'x'.repeat(5_000_000)}\n${specText({ name: 'large', script: 'true' })}`, 1, /at most 1048576 bytes/],
  ['is one of two files of one name', 'twice.yaml', specText({ name: 'twice', script: 'true' }), 1, /Two files have one name/],
  ['is the other of two files of one name', 'twice.yml', specText({ name: 'twice', script: 'true' }), 1, /Two files have one name/],
  ['is empty', 'nothing.yaml', '', 1, /./],
  ['is not text', 'binary.yaml', '\u0000\u0001\u0002', 1, /./],
]

let world: TestInstallation
let sha: string
let config: Check
let annotations: readonly Annotation[]
before(async () => {
  world = await anInstallation()
  await world.push('main', { 'README.md': 'robot' })
  sha = await gitPush(world, {
    branch: 'main',
    write(directory) {
      mkdirSync(join(directory, '.osmo'))
      for (const [, file, text] of bad) writeFileSync(join(directory, '.osmo', file), text)
      symlinkSync('/etc/passwd', join(directory, '.osmo', 'link.yaml'))
      writeFileSync(join(directory, '.osmo', 'good.yaml'), specText({ name: 'good', script: 'echo fine' }))
    },
  })
  config = await world.conclusion(sha, 'osmo / config')
  annotations = await world.annotations(config)
})
after(() => world.end())

for (const [title, file, , line, message] of bad) {
  it(`a spec that ${title} fails osmo / config on its line`, () => {
    const own = annotations.filter(({ path }) => path === `.osmo/${file}`)
    assert.ok(own.length > 0, `expected an annotation of ${file}, got ${JSON.stringify(annotations)}`)
    const [first] = own
    assert.match(first?.message ?? '', message)
    assert.deepEqual([first?.start_line, first?.annotation_level], [line, 'failure'])
  })
}

it('a spec that is a symbolic link is refused, and what it points to is not shown', () => {
  const own = annotations.filter(({ path }) => path === '.osmo/link.yaml')
  assert.match(own[0]?.message ?? '', /Symbolic links are refused/)
  assert.doesNotMatch(JSON.stringify([config, annotations]), /root:/)
})

it('the check says how many faults there are, and fails', () => {
  assert.equal(config.conclusion, 'failure')
  assert.match(config.output.title ?? '', /^\d+ errors/)
})

it('the good file beside them runs all the same', async () => {
  assert.equal((await world.conclusion(sha, 'osmo / good')).conclusion, 'success')
})

it('no bad file has a check of its own', async () => {
  assert.deepEqual((await world.checks(sha)).map(({ name }) => name).sort(), ['osmo / config', 'osmo / good'])
})

it('the next push, with the faults repaired, has no failing osmo / config', async () => {
  const files = Object.fromEntries([...bad.map(([, file]) => file), 'link.yaml'].map((file) => [`.osmo/${file}`, null]))
  const repaired = await world.push('main', files)
  assert.equal((await world.conclusion(repaired, 'osmo / good')).conclusion, 'success')
  assert.equal(
    (await world.checks(repaired)).find(({ name, conclusion }) => name === 'osmo / config' && conclusion === 'failure'),
    undefined,
  )
})

function lineOf(text: string, word: string): number {
  return text.split('\n').findIndex((line) => line.includes(word)) + 1
}
