import { loadDocument } from './render-document.ts'
import { createReporter } from './reporter.ts'
import { readSections } from './sections.ts'
import type { Range } from './source-text.ts'
import type { SpecOptions, TemplateValue } from './types.ts'
import type { MappingNode, YamlNode } from './yaml/node.ts'

/** Each `localpath` that is a directory, with the paths of its files relative to it. */
export type Directories = Readonly<Record<string, readonly string[]>>

/** A rendered document in which every mapping with a `localpath` that is a directory is one for each of its files. */
export function expandDirectories(value: TemplateValue, directories: Directories): TemplateValue {
  if (Array.isArray(value)) return value.flatMap((item) => filesOf(item, directories) ?? [expandDirectories(item, directories)])
  if (!(value instanceof Map)) return value
  return new Map([...value].map(([key, child]) => [key, expandDirectories(child, directories)]))
}

function filesOf(item: TemplateValue, directories: Directories): readonly TemplateValue[] | undefined {
  if (!(item instanceof Map)) return undefined
  const [path, localpath] = [item.get('path'), item.get('localpath')]
  if (typeof path !== 'string' || typeof localpath !== 'string' || !Object.hasOwn(directories, localpath)) return undefined
  const below = (folder: string, file: string) => `${folder.replace(/\/$/, '')}/${file}`
  return (directories[localpath] ?? []).map(
    (file) => new Map<TemplateValue, TemplateValue>([...item, ['path', below(path, file)], ['localpath', below(localpath, file)]]),
  )
}

/**
 * The source in which list items with such a `localpath` are written out once for each file; templates around and inside of them stay. Only
 * text is moved, so whoever calls compares what both render to.
 */
export function expandInSource(source: string, directories: Directories, options: SpecOptions): string {
  const reporter = createReporter(options.file, source)
  const document = loadDocument(readSections(source, reporter), options, reporter)
  const items = new Map<number, Edit>()
  for (const item of document === undefined ? [] : directoryItems(document.node, directories)) items.set(item.range.start, item)
  const edits = [...items.values()].toSorted((a, b) => b.range.start - a.range.start)
  return edits.reduce((text, edit) => text.slice(0, edit.range.start) + writtenOut(edit, source) + text.slice(edit.range.end), source)
}

type Edit = { readonly range: Range; readonly path: Range; readonly localpath: Range; readonly files: readonly string[] }

function* directoryItems(node: YamlNode, directories: Directories): Generator<Edit> {
  if (node.kind === 'mapping') for (const { value } of node.entries) yield* directoryItems(value, directories)
  if (node.kind !== 'sequence') return
  for (const item of node.items) {
    const edit = item.kind === 'mapping' ? editOf(item, directories) : undefined
    if (edit === undefined) yield* directoryItems(item, directories)
    else yield edit
  }
}

function editOf(item: MappingNode, directories: Directories): Edit | undefined {
  const [path, localpath] = [entryNamed(item, 'path'), entryNamed(item, 'localpath')]
  if (path?.kind !== 'string' || localpath?.kind !== 'string' || !Object.hasOwn(directories, localpath.value)) return undefined
  const files = directories[localpath.value] ?? []
  return { range: rangeOf(item), path: path.range, localpath: localpath.range, files }
}

function entryNamed(item: MappingNode, name: string): YamlNode | undefined {
  return item.entries.find(({ key }) => key.text === name)?.value
}

/** Without blank lines and comments behind a mapping in block style. */
function rangeOf({ range, entries }: MappingNode): Range {
  const ends = entries.flatMap(({ key, value }) => [key.range.end, value.range.end])
  const isFlow = entries.every(({ key }) => key.range.start > range.start)
  return { start: range.start, end: isFlow ? range.end : Math.max(...ends) }
}

function writtenOut({ range, path, localpath, files }: Edit, source: string): string {
  const before = source.slice(source.lastIndexOf('\n', range.start - 1) + 1, range.start)
  const separator = /^ *- +$/.test(before) ? `\n${before}` : ', '
  const [first, second] = path.start < localpath.start ? [path, localpath] : [localpath, path]
  const pieces = [source.slice(range.start, first.start), source.slice(first.end, second.start), source.slice(second.end, range.end)]
  const written = (file: string) => [first, second].map(({ start, end }) => joined(source.slice(start, end), file))
  return files
    .map((file) => {
      const [one = '', two = ''] = written(file)
      return `${pieces[0]}${one}${pieces[1]}${two}${pieces[2]}`
    })
    .join(separator)
}

/** A path as it is written, quotes included, with a file below it. */
function joined(folder: string, file: string): string {
  const quote = folder[0]
  if (quote === '"') return `${folder.slice(0, -1).replace(/\/$/, '')}/${JSON.stringify(file).slice(1, -1)}"`
  if (quote === "'") return `${folder.slice(0, -1).replace(/\/$/, '')}/${file.replaceAll("'", "''")}'`
  const all = `${folder.replace(/\/$/, '')}/${file}`
  return /^[\w./@%+=-]*$/.test(file) ? all : `'${all.replaceAll("'", "''")}'`
}
