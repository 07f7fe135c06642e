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

  const tree = { 'policy/b/c.py': 'x', 'policy/a.py': 'x', "sim/it's 1.py": 'x', 'sim/z: z.py': 'x' }
  const block = (files: string) =>
    `workflow:\n  name: nav\n  tasks:\n  - name: eval\n    image: a\n    command: [b]\n    args: ["{{output}} {{ 1 + 1 }}"]\n    files:\n${files}`
  const items: readonly (readonly [title: string, files: string, exported: string])[] = [
    [
      'a block item',
      '    - path: /p/\n      # the policy\n      localpath: ../policy # all\n    - path: /c\n      contents: a\n',
      '    - path: /p/a.py\n      # the policy\n      localpath: ../policy/a.py\n    - path: /p/b/c.py\n      # the policy\n      localpath: ../policy/b/c.py # all\n    - path: /c\n      contents: a\n',
    ],
    [
      'a flow item',
      '    - {localpath: \'../policy/\', path: "/p"}\n',
      '    - {localpath: \'../policy/a.py\', path: "/p/a.py"}\n    - {localpath: \'../policy/b/c.py\', path: "/p/b/c.py"}\n',
    ],
    [
      'a flow list',
      '      [{path: /p, localpath: ../policy}]\n',
      '      [{path: /p/a.py, localpath: ../policy/a.py}, {path: /p/b/c.py, localpath: ../policy/b/c.py}]\n',
    ],
    [
      'names that YAML would read',
      '    - path: /p\n      localpath: ../sim\n',
      "    - path: '/p/it''s 1.py'\n      localpath: '../sim/it''s 1.py'\n    - path: '/p/z: z.py'\n      localpath: '../sim/z: z.py'\n",
    ],
    [
      'an item in a loop, with a path that the loop makes',
      '    {% for n in range(2) %}\n    - path: /p{{ n }}/\n      localpath: ../policy\n    {% endfor %}\n',
      '    {% for n in range(2) %}\n    - path: /p{{ n }}/a.py\n      localpath: ../policy/a.py\n    - path: /p{{ n }}/b/c.py\n      localpath: ../policy/b/c.py\n    {% endfor %}\n',
    ],
  ]
  for (const [title, files, exported] of items) {
    it(`a directory of localpath becomes its files in place: ${title}`, async (test) => {
      const directory = directoryWith(test, { '.osmo/a.yaml': `on: push\n${block(files)}`, ...tree })
      const { out, code } = await osmo(directory, 'export', '.osmo/a.yaml')
      assert.equal(out, block(exported))
      assert.equal(code, 0)
    })
  }

  it('a directory beside a value of git: the value goes into default-values, and the template stays', async (test) => {
    const spec = block('    - path: /p\n      localpath: ../policy\n').replace('1 + 1', 'github.spec')
    const directory = directoryWith(test, { '.osmo/a.yaml': spec, 'policy/a.py': 'x' })
    const { out } = await osmo(directory, 'export', '.osmo/a.yaml')
    assert.match(out, /^default-values:\n {2}github:\n(?: {4}.*\n)* {4}spec: a\nworkflow:/)
    assert.ok(
      out.endsWith(spec.slice(spec.indexOf('workflow:')).replace('/p\n', '/p/a.py\n').replace('../policy\n', '../policy/a.py\n')),
      out,
    )
  })

  const rendered: readonly (readonly [title: string, files: string])[] = [
    [
      'a template says which directory',
      '{% for d in ["policy", "sim"] %}\n    - path: /{{ d }}\n      localpath: ../{{ d }}\n{% endfor %}\n',
    ],
    ['an anchor would stand twice', '    - &x\n      path: /p\n      localpath: ../policy\n    - {<<: *x, path: /q}\n'],
    ['one printed text holds the item', '    - {{ "{path: /p, localpath: ../policy}" }}\n'],
  ]
  for (const [title, files] of rendered) {
    it(`where ${title}, the export is the rendered document, and text that Jinja would read stays text`, async (test) => {
      const spec = block(files).replace('1 + 1', '"$" ~ "{{ x }} {%"')
      const directory = directoryWith(test, { '.osmo/a.yaml': spec, ...tree })
      const exported = await osmo(directory, 'export', '.osmo/a.yaml')
      assert.match(exported.out, /# Rendered/)
      const again = await osmoWith(exported.out, directory, 'render', '-', '--format=json')
      const [task] = JSON.parse(again.out).workflow.tasks
      assert.deepEqual(task.args, [`{{output}} $${'{{ x }} {%'}`])
      const localpaths = task.files.map(({ localpath }: { localpath: string }) => localpath)
      assert.deepEqual(localpaths.slice(0, 2), ['../policy/a.py', '../policy/b/c.py'])
    })
  }

  it('an invalid spec is not exported', async () => {
    const ran = await osmoWith(oneTask('imagee: x'), '/', 'export', '-')
    assert.deepEqual([ran.out, ran.code], ['', 1])
    assert.match(ran.error, /schema\/unknown-key/)
  })
})
