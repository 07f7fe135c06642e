import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderSpec } from '../../src/spec/parse-spec.ts'
import type { Result } from './figures.ts'

export type SpecsScale = { readonly seconds: number }

const root = join(import.meta.dirname, '..', '..')
const cookbook = join(root, '..', 'shared', 'reference', 'osmo-specs')
const options = { file: 'bench.yaml', values: { storage_url: 's3://bucket/prefix' } }

/**
 * Specs rendered and loaded, beside Jinja2's sandbox and PyYAML's safe loader (the one in Python that OSMO uses) on the same files in the
 * same order: sections cut, tokens shielded, default values loaded, no rule of the schema asked on either side.
 */
export async function benchSpecs({ seconds }: SpecsScale): Promise<Result> {
  const files = globSync(existsSync(cookbook) ? join(cookbook, '*.yaml') : join(root, 'templates/**/.osmo/*.yaml')).sort()
  const texts = files.map((file) => readFileSync(file, 'utf8'))
  const ours = ratePerSecond(texts, seconds)
  const python = ratesOfPython(files, seconds)
  if (python === undefined)
    return { figures: [], notes: [`specs: ${ours.toFixed(0)}/s; no Python with Jinja2 and PyYAML here to compare with`], lost: 0 }
  const figure = { name: 'specs rendered and loaded', unit: '/s', ours, raw: python, floor: 'Jinja2 + PyYAML in one process' } as const
  return { figures: [figure], notes: [`specs: ${files.length} files, again and again for ${seconds} s`], lost: 0 }
}

/** After one pass over all files, so that neither side pays for its start. */
function ratePerSecond(texts: readonly string[], seconds: number): number {
  for (const text of texts) if (renderSpec(text, options).kind === 'invalid') throw new Error(`Expected a valid spec, got\n${text}`)
  const start = performance.now()
  let count = 0
  while (performance.now() - start < 1000 * seconds) {
    for (const text of texts) renderSpec(text, options)
    count += texts.length
  }
  return (1000 * count) / (performance.now() - start)
}

function ratesOfPython(files: readonly string[], seconds: number): number | undefined {
  const { status, stdout } = spawnSync('python3', ['-c', program, String(seconds), ...files], {
    encoding: 'utf8',
    timeout: 1000 * (seconds + 60),
  })
  return status === 0 ? Number(stdout) : undefined
}

const program = `
import re, sys, time, yaml, jinja2
from jinja2.sandbox import SandboxedEnvironment
Loader = yaml.SafeLoader
environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined)
section = re.compile(r'^([a-zA-Z][a-zA-Z0-9_-]*):(.*?)(?=^[a-zA-Z][a-zA-Z0-9_-]*:|\\Z)', re.DOTALL | re.MULTILINE)
token = re.compile(r'\\{\\{(?:uuid|workflow_id|output|input:[^}]+|host:[^}]+)\\}\\}')
def read(text):
    sections = {match.group(1): match.group(0) for match in section.finditer(text)}
    values = {'storage_url': 's3://bucket/prefix', 'github': {'sha': '0' * 40}}
    if 'default-values' in sections:
        values.update(yaml.load(sections['default-values'], Loader)['default-values'] or {})
    shielded = {}
    def shield(match):
        name = 'token%d' % len(shielded)
        shielded[name] = match.group(0)
        return '{{' + name + '}}'
    text = token.sub(shield, sections['workflow'])
    return yaml.load(environment.from_string(text).render({**values, **shielded}), Loader)
texts = [open(path, encoding='utf-8').read() for path in sys.argv[2:]]
for text in texts:
    read(text)
start = time.perf_counter()
count = 0
while time.perf_counter() - start < float(sys.argv[1]):
    for text in texts:
        read(text)
    count += len(texts)
print(count / (time.perf_counter() - start))
`
