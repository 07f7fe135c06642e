import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { directoryWith, oneTask, osmo, osmoWith, repositoryWith } from './command.ts'

const plain = oneTask('args: ["{{ x }}"]')

/** Text, parameters, and the export. */
const examples: readonly (readonly [title: string, text: string, parameters: string, exported: string])[] = [
  [
    'pure OSMO stays as it is',
    `# licence\n\nversion: 2\ndefault-values:\n  x: 1\n${plain}`,
    '',
    `# licence\n\nversion: 2\ndefault-values:\n  x: 1\n${plain}`,
  ],
  [
    'our four sections go',
    `on: push\nconcurrency: {limit: 1}\ncheckout: true\nbenchmarks: [{task: eval, path: a}]\n${oneTask()}`,
    '',
    oneTask(),
  ],
  ['a comment above a section that stays', `on:\n  push: {}\n\n# the work\n${oneTask()}`, '', `# the work\n${oneTask()}`],
  ['a value of the command line', `${plain}`, '--set x=1', `default-values:\n  x: 1\n${plain}`],
  [
    'a value beside defaults',
    `default-values:\n  # mine\n  y: 2\n${plain}`,
    '--set x=1',
    `default-values:\n  # mine\n  x: 1\n  y: 2\n${plain}`,
  ],
  ['a value over a default', `default-values: {x: 2, z: 3}\n${plain}`, '--set x=1', `default-values:\n  x: 1\n  z: 3\n${plain}`],
  ['a value that nobody asks for', `default-values: {x: 2}\n${plain}`, '--set zzz=1', `default-values: {x: 2}\n${plain}`],
  ['text that looks like a number', plain, '--set-string x=1', `default-values:\n  x: "1"\n${plain}`],
  [
    'latest',
    oneTask('inputs: [{task: "{{ latest[\'train\'] }}:train"}]'),
    '',
    `default-values:\n  latest:\n    train: train-0\n${oneTask('inputs: [{task: "{{ latest[\'train\'] }}:train"}]')}`,
  ],
  [
    'an own value called latest',
    `default-values:\n  latest: 1\n${oneTask('args: ["{{ latest }}"]')}`,
    '',
    `default-values:\n  latest: 1\n${oneTask('args: ["{{ latest }}"]')}`,
  ],
]

describe('osmo export', () => {
  for (const [title, text, parameters, exported] of examples) {
    it(title, async () => {
      const { out, code } = await osmoWith(text, '/', 'export', '-', ...parameters.split(' ').filter((word) => word !== ''))
      assert.equal(out, exported)
      assert.equal(code, 0)
    })
  }

  it('writes what git says into default-values', async (test) => {
    const directory = repositoryWith(test, { '.osmo/a.yaml': oneTask('args: ["{{ github.sha }}"]') })
    const { out } = await osmo(directory, 'export', '.osmo/a.yaml')
    assert.match(out, /^default-values:\n {2}github:\n {4}sha: "?(?!0{40})[0-9a-f]{40}"?\n/)
  })

  it("writes the repository's values into default-values", async (test) => {
    const directory = directoryWith(test, { '.osmo/config.yaml': 'values: {x: s3://team}\n', '.osmo/a.yaml': plain })
    const { out } = await osmo(directory, 'export', '.osmo/a.yaml')
    assert.equal(out, `default-values:\n  x: s3://team\n${plain}`)
  })

  it('a directory of localpath becomes its files, and text that Jinja would read stays text', async (test) => {
    const spec = oneTask(
      `args: ['{{output}} \${{ "{{" }} x }} {{ "{%" }}'], files: [{path: /p/, localpath: ../policy}, {path: /c, contents: "a"}]`,
    )
    const directory = directoryWith(test, { '.osmo/a.yaml': `on: push\n${spec}`, 'policy/b/c.py': 'x', 'policy/a.py': 'x' })
    const exported = await osmo(directory, 'export', '.osmo/a.yaml')
    const rendered = await osmoWith(exported.out, directory, 'render', '-', '--format=json')
    const [task] = JSON.parse(rendered.out).workflow.tasks
    assert.deepEqual(task.args, [`{{output}} $${'{{ x }}'} {%`])
    assert.deepEqual(task.files, [
      { path: '/p/a.py', localpath: '../policy/a.py' },
      { path: '/p/b/c.py', localpath: '../policy/b/c.py' },
      { path: '/c', contents: 'a' },
    ])
  })

  it('an invalid spec is not exported', async () => {
    const ran = await osmoWith(oneTask('imagee: x'), '/', 'export', '-')
    assert.deepEqual([ran.out, ran.code], ['', 1])
    assert.match(ran.error, /schema\/unknown-key/)
  })
})
