import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { it } from 'node:test'
import { parseSpec } from '../src/spec/parse-spec.ts'

const readme = readFileSync('README.md', 'utf8')
const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language, text: text ?? '' }))

/** Which test runs a command of the README. The production block is one story, run as a whole. */
const runBy: Readonly<Record<string, string>> = {
  'npm start': 'test/end-to-end/demo.test.ts',
  'npm test': '.ci/run',
  'node bin/osmo.mjs validate templates/hello': 'test/cli/readme.test.ts',
  'node bin/osmo.mjs plan templates/robot-arm/repository --event pull_request': 'test/cli/readme.test.ts',
  'node bin/osmo.mjs render templates/hello/.osmo/hello.yaml': 'test/cli/readme.test.ts',
  'npm run bench': 'test/bench/bench.test.ts',
  'export GITHUB_APP_ID=123456': 'test/end-to-end/production.test.ts',
  'export GITHUB_PRIVATE_KEY=./osmo-runner.pem': 'test/end-to-end/production.test.ts',
  'export GITHUB_WEBHOOK_SECRET="$(cat ./webhook-secret)"': 'test/end-to-end/production.test.ts',
  'export HOST=0.0.0.0 PORT=8080 PUBLIC_URL=https://osmo.example.com': 'test/end-to-end/production.test.ts',
}

for (const command of blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.trim().split('\n'))) {
  it(`\`${command}\` is run by a test`, () => {
    const test = runBy[command]
    assert.ok(test !== undefined && existsSync(test), `Expected a test that runs this command; add it to the table`)
  })
}

it('the spec of the README is valid', () => {
  const [spec] = blocks.filter(({ language }) => language === 'yaml')
  const result = parseSpec(spec?.text ?? '', { file: 'README.md' })
  assert.deepEqual(result.kind === 'invalid' ? result.diagnostics : [], [])
})

for (const [, target = ''] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
  it(`the link to ${target} leads somewhere`, () => assert.ok(existsSync(target)))
}

for (const [, name = ''] of readme.matchAll(/`((?:GITHUB|DATABASE|REDIS|SERVER|OSMO|PUBLIC|TASK)_[A-Z_]+)`/g)) {
  it(`the setting ${name} exists`, () => {
    assert.match(readFileSync('src/config.ts', 'utf8'), new RegExp(`\\b${name}\\b`))
  })
}
