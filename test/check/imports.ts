import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/**
 * Who may import whom. `main.ts`, `cli.ts` and `config.ts` stand at the top and see everything, and so do the three folders that only they
 * import: `installation` joins all parts, `demo` tells the story of the first start, `cli` holds the commands.
 */
const pure = ['spec', 'workflow', 'benchmark']
const mayImport: Readonly<Record<string, readonly string[]>> = {
  spec: [],
  workflow: [],
  benchmark: [],
  engine: pure,
  store: [...pure, 'engine'],
  queue: [...pure, 'engine'],
  backend: [...pure, 'engine'],
  data: [...pure, 'engine'],
  github: [...pure, 'engine'],
  task: [...pure, 'engine'],
  web: [...pure, 'engine'],
  'github-twin': [],
}
/** `workflow` may know what a spec and a number look like, and nothing of how they are read or judged. */
const mayImportTypes: Readonly<Record<string, readonly string[]>> = { workflow: ['spec', 'benchmark'] }

export type Stranger = { readonly file: string; readonly imports: string }

/** Every import in `root` that the table forbids. */
export function strangers(root: string): readonly Stranger[] {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts') && path.includes('/'))
  return files.flatMap((file) =>
    importsOf(root, file)
      .filter((one) => !isAllowed(file, one))
      .map(({ path }) => ({ file, imports: path })),
  )
}

type Import = { readonly path: string; readonly kind: 'type' | 'value' }

function importsOf(root: string, file: string): readonly Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/^(?:import|export)\s(type\s)?[^'"]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm)].map(
    ([, type, from, dynamic]) => ({
      path: relative(root, join(root, dirname(file), from ?? dynamic ?? '')),
      kind: type ? 'type' : 'value',
    }),
  )
}

const top = ['installation', 'demo', 'cli']

function isAllowed(file: string, { path, kind }: Import): boolean {
  const [from = '', to = ''] = [file, path].map((name) => name.split('/')[0] ?? '')
  if (from === to || top.includes(from)) return true
  return (mayImport[from] ?? []).includes(to) || (kind === 'type' && (mayImportTypes[from] ?? []).includes(to))
}

if (import.meta.main) {
  const found = strangers('src')
  for (const { file, imports } of found) console.error(`src/${file} may not import ${imports}`)
  process.exitCode = found.length === 0 ? 0 : 1
}
