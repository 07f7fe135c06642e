import { readCell } from './lines.ts'
import { type Found, type Reading, samplesFrom, unmeasured } from './measurements.ts'

/**
 * Reads a table with a header (RFC 4180). Columns with numbers are metrics, their rows samples; columns of text only are parameters, and rows
 * that differ in one are different metrics: `<parameters>/<column>`. A short row means that the file was cut.
 */
export function readCsv(text: string): Reading {
  const [header = [], ...rows] = splitTable(text)
  if (rows.length === 0) return { kind: 'unreadable', reason: 'the table has a header and no rows' }
  const uneven = rows.findIndex((row) => row.length !== header.length)
  if (uneven >= 0)
    return { kind: 'unreadable', reason: `row ${uneven + 1} has ${rows[uneven]?.length} of ${header.length} columns (truncated?)` }
  const columns = header.map((name, index) => ({ name: name.trim(), cells: rows.map((row) => (row[index] ?? '').trim()) }))
  const { parameters = [], metrics = [] } = Object.groupBy(columns, ({ cells }) =>
    cells.every((cell) => cell !== '' && readCell(cell) === undefined) ? 'parameters' : 'metrics',
  )
  const places = rows.map((_, row) => parameters.map(({ cells }) => cells[row]).join('/'))
  return { kind: 'read', found: metrics.flatMap((column) => readColumn(column, places)), warnings: [] }
}

function readColumn({ name, cells }: { name: string; cells: readonly string[] }, places: readonly string[]): readonly Found[] {
  const groups = Map.groupBy(cells.keys(), (row) => places[row] ?? '')
  return [...groups].map(([place, rows]) => ({
    name: place === '' ? name : `${place}/${name}`,
    value: columnValue(rows.map((row) => cells[row] ?? '')),
  }))
}

function columnValue(cells: readonly string[]): Found['value'] {
  const values = cells.map((cell) => readCell(cell)?.value)
  const bad = values.findIndex((value) => value?.kind !== 'samples')
  if (bad >= 0) return unmeasured(`row ${bad + 1} of ${cells.length} is ${cells[bad] === '' ? 'empty' : `"${cells[bad]?.slice(0, 40)}"`}`)
  return samplesFrom(values.flatMap((value) => (value?.kind === 'samples' ? value.samples : [])))
}

/** Cells of every row that is not empty. Quoted cells may hold commas, quotes (doubled) and line breaks. */
function splitTable(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]]
  const cell = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/gy
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text)
    if (!match) return []
    rows.at(-1)?.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === ',' && cell.lastIndex === text.length) rows.at(-1)?.push('')
    if (match[3] !== ',' && cell.lastIndex < text.length) rows.push([])
  }
  return rows.filter((row) => row.some((value) => value !== ''))
}
