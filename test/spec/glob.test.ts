import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileGlob, faultOfGlob, matchesGlobs } from '../../src/spec/glob.ts'

/** Pattern, names that GitHub's documentation says it matches, names that it does not. */
const patterns: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['feature/*', ['feature/my-branch', 'feature/your-branch'], ['feature/a/b', 'feature']],
  ['feature/**', ['feature/beta-a/my-branch', 'feature/your-branch', 'feature/mona/the/octocat'], ['feature']],
  ['main', ['main'], ['Main', 'mains']],
  ['*', ['main', 'releases'], ['all/the/branches']],
  ['**', ['all/the/branches', 'every/tag', 'a\nb'], []],
  ['*feature', ['mona-feature', 'feature', 'ver-10-feature'], ['a/feature', 'features']],
  ['v2*', ['v2', 'v2.0', 'v2.9'], ['v1']],
  ['v[12].[0-9]+.[0-9]+', ['v1.10.1', 'v2.0.0'], ['v3.0.0', 'v1.a.0']],
  ['*.jsx?', ['page.js', 'page.jsx'], ['page.ts', 'a/page.js']],
  ['*.js', ['app.js', 'index.js'], ['js/index.js']],
  ['**.js', ['index.js', 'js/index.js', 'src/js/app.js'], ['index.jsx']],
  ['docs/*', ['docs/README.md', 'docs/file.txt'], ['docs/a/b.md']],
  ['docs/**', ['docs/README.md', 'docs/mona/octocat.txt'], ['doc/x']],
  ['docs/**/*.md', ['docs/README.md', 'docs/mona/hello-world.md', 'docs/a/markdown/file.md'], ['docs/x.txt']],
  ['**/docs/**', ['docs/hello.md', 'dir/docs/my-file.txt', 'space/docs/plan/space.doc'], ['documents/x']],
  ['**/README.md', ['README.md', 'js/README.md'], ['XREADME.md']],
  ['**/*src/**', ['a/src/app.js', 'my-src/code/js/app.js'], ['source/x']],
  ['**/*-post.md', ['my-post.md', 'path/their-post.md'], ['post.md']],
  ['**/migrate-*.sql', ['migrate-10909.sql', 'db/migrate-v1.0.sql', 'db/sept/migrate-v1.sql'], ['migrate.sql']],
  ['a\\*b', ['a*b'], ['axb']],
  ['a+', ['a', 'aaa'], ['', 'b']],
  ['a.b', ['a.b'], ['axb']],
  ['x(y)|z$^', ['x(y)|z$^'], ['z']],
]

describe('one pattern', () => {
  for (const [pattern, matched, others] of patterns) {
    it(`${pattern} takes ${matched.join(' ')} and not ${others.join(' ')}`, () => {
      const matches = compileGlob(pattern)
      assert.deepEqual([...matched, ...others].filter(matches), matched)
    })
  }
})

const lists: readonly (readonly ['include' | 'ignore', string, readonly string[], boolean])[] = [
  ['include', 'policy/** !**/*.md', ['policy/README.md'], false],
  ['include', 'policy/** !**/*.md', ['policy/README.md', 'policy/net.py'], true],
  ['include', 'policy/** !**/*.md policy/README.md', ['policy/README.md'], true],
  ['include', '!**/*.md policy/**', ['policy/README.md'], true],
  ['include', '*', [], false],
  ['ignore', '**/*.md', ['README.md', 'docs/a.md'], false],
  ['ignore', '**/*.md', ['README.md', 'a.py'], true],
]

describe('a list of patterns', () => {
  for (const [mode, patternList, names, selected] of lists) {
    it(`${mode} ${patternList} ${selected ? 'selects' : 'does not select'} ${names.join(' ')}`, () => {
      assert.equal(matchesGlobs({ mode, patterns: patternList.split(' ') }, names), selected)
    })
  }
})

describe('patterns that cannot be used', () => {
  for (const pattern of ['', '!', '?a', '+', 'a[b', 'a[]', 'a\\', 'a'.repeat(257)]) {
    it(pattern.slice(0, 20), () => assert.equal(typeof faultOfGlob(pattern), 'string'))
  }
})

it('takes linear time where a backtracking matcher would not end', () => {
  const matches = compileGlob(`${'*a'.repeat(100)}b`)
  assert.equal(matches('a'.repeat(5_000)), false)
})
