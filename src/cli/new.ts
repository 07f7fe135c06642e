import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { suggest } from '../spec/suggestion.ts'
import { readArguments, UsageError } from './arguments.ts'
import { paint, type Terminal } from './terminal.ts'

const templatesDirectory = join(import.meta.dirname, '..', '..', 'templates')
const defaultTemplate = 'hello'

const shapes = { list: { kind: 'flag' }, into: { kind: 'one' }, format: { kind: 'one', words: ['text', 'json'] } } as const

/** `osmo new [TEMPLATE]`: writes a starter into a directory and never over a file that is there. */
export async function newCommand(parameters: readonly string[], terminal: Terminal): Promise<number> {
  const { options, operands } = readArguments(parameters, shapes)
  const templates = listTemplates()
  if (options.list) {
    terminal.out(options.format === 'json' ? `${JSON.stringify(templates, undefined, 2)}\n` : listing(templates))
    return 0
  }
  const [name = defaultTemplate, ...others] = operands
  if (others.length > 0) throw new UsageError('Expected at most one template behind "osmo new".')
  const template = templates.find((one) => one.name === name)
  const names = templates.map((one) => one.name)
  if (template === undefined)
    throw new UsageError(`There is no template ${JSON.stringify(name)}.${suggest(name, names)} There are ${names.join(', ')}.`)
  return write(template, resolve(terminal.directory, options.into ?? '.'), options.format === 'json' ? 'json' : 'text', terminal)
}

export type Template = { readonly name: string; readonly description: string; readonly files: readonly string[] }

/** The starters, in the order of their names; the first comment of the first spec says what each is for. */
export function listTemplates(): readonly Template[] {
  return readdirSync(templatesDirectory)
    .sort()
    .map((name) => {
      const root = rootOf(name)
      const files = readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)))
        .sort()
      const spec = files.find((file) => /^\.osmo\/.*\.yaml$/.test(file) && file !== '.osmo/config.yaml')
      const text = spec === undefined ? '' : readFileSync(join(root, spec), 'utf8')
      return { name, description: /^# (.*)/.exec(text)?.[1] ?? '', files }
    })
}

/** The demo's template holds a whole repository beside what happens to it. */
function rootOf(name: string): string {
  const repository = join(templatesDirectory, name, 'repository')
  return existsSync(repository) ? repository : join(templatesDirectory, name)
}

function listing(templates: readonly Template[]): string {
  const width = Math.max(...templates.map(({ name }) => name.length))
  return templates.map(({ name, description }) => `${name.padEnd(width)}  ${description}\n`).join('')
}

function write({ name, files }: Template, directory: string, format: 'text' | 'json', terminal: Terminal): number {
  const taken = files.filter((file) => existsSync(join(directory, file)))
  if (taken.length > 0) {
    terminal.error(`${paint(terminal, 'red', `Nothing is written, because there is already: ${taken.join(', ')}`)}\n`)
    return 1
  }
  for (const file of files) cpSync(join(rootOf(name), file), join(directory, file), { errorOnExist: true, force: false })
  if (format === 'json') terminal.out(`${JSON.stringify({ template: name, files }, undefined, 2)}\n`)
  else
    terminal.out(
      `${files.map((file) => `wrote ${file}\n`).join('')}\nNext: osmo validate, and git push. osmo new --list shows other starters.\n`,
    )
  return 0
}
