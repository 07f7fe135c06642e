/** A shell-only workflow of the demo's shape: generate, train, then an evaluation and a benchmark on the bench, both compared. */
export function reachSpec(witness: string): string {
  const task = (name: string, script: string, more: string) =>
    `    - name: ${name}\n      image: busybox:1\n      command: [sh, -ec]\n      args:\n        - |\n${[witness, ...script.split('\n')].map((line) => `          ${line}`).join('\n')}\n${more}`
  const reads = (name: string) => `      inputs: [{task: ${name}}]\n`
  const repository = 'cd /osmo/repository 2>/dev/null || cd "$OSMO_REPOSITORY"'
  return [
    'on:\n  push: {branches: [main]}\n  pull_request: {}\n',
    'checkout: true\n',
    'benchmarks:',
    '  - {name: reach, task: evaluate, path: eval.json, metrics: {score: {gate: true, max-regression: 10%, direction: higher}}, compare: {pairs: 8, warmup: 0, seed: 1}}',
    '  - {name: speed, task: bench, path: bench.json, metrics: {latency_ms: {gate: true, max-regression: 10%, direction: lower, unit: ms}}, compare: {pairs: 8, warmup: 0, seed: 7}}\n',
    'workflow:',
    '  name: reach',
    '  resources:\n    default: {cpu: 1, platform: simulation}\n    bench: {cpu: 1, platform: bench}',
    '  tasks:',
    task('generate', 'sleep 0.2\necho data > {{output}}/data.txt', ''),
    task('train', 'sleep 0.2\ncat {{input:0}}/data.txt > {{output}}/policy.txt', reads('generate')),
    task(
      'evaluate',
      `cat {{input:0}}/policy.txt\n${repository}\necho "{\\"score\\": $(cat score.txt)}" > {{output}}/eval.json`,
      reads('train'),
    ),
    task(
      'bench',
      `cat {{input:0}}/policy.txt\n${repository}\necho "{\\"latency_ms\\": $(cat latency.txt)}" > {{output}}/bench.json`,
      `      resource: bench\n${reads('train')}`,
    ),
    '',
  ].join('\n')
}

/** What main holds, a change that costs, and one that gains. */
export const reachFiles = (witness: string) => ({ '.osmo/reach.yaml': reachSpec(witness), 'score.txt': '50\n', 'latency.txt': '10\n' })
export const worse = { 'score.txt': '30\n', 'latency.txt': '20\n' }
export const better = { 'score.txt': '80\n', 'latency.txt': '5\n' }
