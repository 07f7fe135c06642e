import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodOrder } from '../../src/engine/ports.ts'
import { createTextFiller, mountedPlaces, type Places } from '../../src/task/tokens.ts'

const order = {
  inputs: [
    { index: 0, task: 'train', regex: undefined, stored: 'stored' },
    { index: 1, task: undefined, regex: undefined, stored: 'none' },
  ],
  tokens: { workflowId: 'nav-12', hosts: { master: '127.4.5.6' } },
} as unknown as PodOrder
const plain: Places = {
  repository: '/data/w/osmo/repository',
  output: '/data/w/osmo/data/output',
  input: (index) => `/data/w/osmo/data/input/${index}`,
  replaced: [
    ['/osmo/repository', '/data/w/osmo/repository'],
    ['/osmo/data', '/data/w/osmo/data'],
    ['/tmp/run.sh', '/data/w/files/tmp/run.sh'],
  ],
}

describe('texts of a sandboxed task', () => {
  const fill = createTextFiller(order, mountedPlaces)
  const examples = [
    ['cp {{input:0}}/x {{output}}', 'cp /osmo/data/input/0/x /osmo/data/output'],
    ['{{ input:train }} {{input:1}}', '/osmo/data/input/0 /osmo/data/input/1'],
    ['http://{{host:master}}:80/{{workflow_id}}', 'http://127.4.5.6:80/nav-12'],
    ['{{host:nobody}} {{input:9}} {{uuid}}', '{{host:nobody}} {{input:9}} {{uuid}}'],
    ['{{toString}} {{ constructor }}', '{{toString}} {{ constructor }}'],
    ['cat /osmo/repository/a', 'cat /osmo/repository/a'],
  ] as const
  for (const [text, filled] of examples) it(text, () => assert.equal(fill(text), filled))
})

describe('texts of a plain process', () => {
  const fill = createTextFiller(order, plain)
  const examples = [
    ['{{output}}/a', '/data/w/osmo/data/output/a'],
    ['cd /osmo/repository && ls /osmo/data/input/0', 'cd /data/w/osmo/repository && ls /data/w/osmo/data/input/0'],
    ['PATH=/osmo/repository:/osmo/repository/bin', 'PATH=/data/w/osmo/repository:/data/w/osmo/repository/bin'],
    ['file:///osmo/repository', 'file:///data/w/osmo/repository'],
    ['/osmo/repository-old /home/me/osmo/data /osmo/database', '/osmo/repository-old /home/me/osmo/data /osmo/database'],
    ['bash /tmp/run.sh', 'bash /data/w/files/tmp/run.sh'],
  ] as const
  for (const [text, filled] of examples) it(text, () => assert.equal(fill(text), filled))
})
