/** Random texts that are nearly specs, the same for the same seed everywhere. */

export const spec = `# Trains and judges a policy.
on:
  push: {branches: [main, 'release/**'], paths: ['policy/**', '!**/*.md']}
  pull_request: {types: [opened], labels: [gpu]}
  schedule: [{cron: '17 3 * * *', timezone: Europe/Zurich}]
  workflow_dispatch: {inputs: {episodes: {type: number, default: 200}}}
concurrency: {group: 'eval-{ref}', limit: 1}
checkout: {tasks: [evaluate], paths: [policy]}
benchmarks:
  - task: evaluate
    path: eval_info.json
    metrics:
      success: {gate: true, max-regression: 5pt}
    compare: {pairs: 10, seed: 7}
workflow:
  name: nav
  resources: &shared
    default: {cpu: {{ cpus }}, memory: 1Gi, platform: {{ platform }}}
  timeout: {exec_timeout: 5m}
  groups:
  {% for item in range(count) %}
  - name: train-{{ item }}
    tasks:
    - name: worker-{{ item }}
      lead: true
      image: "{{ image }}:{{ tag }}"
      command: ["bash", "-c"]
      args:
      - |
        echo {{host:worker-0}} > {{output}}/x # (1)
      files:
      - {path: /tmp/a, contents: "a\\tb"}
      exitActions: {RESCHEDULE: 1-255, FAIL: '3,4'}
      checkpoint: [{path: /m, url: s3://b/c, frequency: 1m}]
  {% endfor %}
  - name: judge
    tasks:
    - {name: evaluate, image: a, command: [b], inputs: [{task: worker-0, regex: '.*'}], kpis: [{index: 1, path: k.json}]}
default-values:
  cpus: 4
  platform: ovx
  count: 2
  image: ubuntu
  tag: 22.04
`

/** Mulberry32: the same numbers for the same seed everywhere. */
export function random(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const pieces = [
  '\t',
  '  ',
  '\n',
  ': ',
  '- ',
  '#',
  "'",
  '"',
  '[',
  ']',
  '{',
  '}',
  '{{',
  '}}',
  '{%',
  '%}',
  '{#',
  '|',
  '>',
  '&a ',
  '*a',
  '!!int ',
  '<<: *shared',
  '? ',
  '---\n',
  '~',
  '=',
  '1e400',
  '-1',
  '2025-01-01',
  'true',
  '\u0000',
  '\uFEFF',
  '\u2028',
  '\u2029  ',
  '💥',
  '\ud800',
  '__proto__: 1',
  'on:',
  'workflow:',
  '{% for x in range(9) %}',
  '{% endfor %}',
  "{{ 'a' * 9 }}",
  '9'.repeat(400),
  '*'.repeat(60),
  '(a+)+$',
  '../../',
  '\r\n',
  '\u0085',
  '\u00a0',
  '!!binary ',
  '!!set ',
  '!!omap ',
  '!!pairs ',
  '!!str ',
  '!!timestamp ',
  '{{ github.sha }}',
  "{{ latest['train'] }}",
  '{% raw %}',
  '{% endraw %}',
  '{% set x = 1 %}',
  '{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1) }}',
  '{{ range(10**9) | list }}',
  "{{ 'x' * 10**9 }}",
  "{{ 'a%s' % x }}",
  '{%- ',
  ' -%}',
  '{{output}}',
  '{{input:0}}',
  '{{host:master}}',
  'localpath: policy',
  'default-values:\n  a: 1\n',
  'version: 2\n',
  '|2-\n',
  '[-, -]',
  '\\\n',
  '{a\nb: c}',
  '>+\n',
  '0x1f',
  '1:30',
  '.nan',
  '\ud83d',
]

/** One to four random changes: a piece put in, some characters taken out, or a part repeated elsewhere. */
export function mutate(text: string, next: () => number): string {
  let mutated = text
  const times = 1 + Math.floor(next() * 4)
  for (let step = 0; step < times; step++) {
    const at = Math.floor(next() * mutated.length)
    const kind = next()
    if (kind < 0.6) mutated = mutated.slice(0, at) + pieces[Math.floor(next() * pieces.length)] + mutated.slice(at)
    else if (kind < 0.8) mutated = mutated.slice(0, at) + mutated.slice(at + 1 + Math.floor(next() * 20))
    else mutated = mutated.slice(0, at) + mutated.slice(Math.floor(next() * mutated.length)).slice(0, 200) + mutated.slice(at)
  }
  return mutated
}
