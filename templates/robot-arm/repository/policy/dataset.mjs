// Demonstrations on disk: dataset.json says the shape and the statistics, demonstrations.f32 holds a row per sample.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const TORQUES = 2

/** `rows` are observation and torques, `facts` is kept beside them for people. */
export async function writeDataset(directory, rows, facts) {
  const observationSize = rows[0].length - TORQUES
  const description = { ...facts, samples: rows.length, observationSize, statistics: statisticsOf(rows, observationSize) }
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'demonstrations.f32'), new Float32Array(rows.flat()))
  await writeFile(join(directory, 'dataset.json'), `${JSON.stringify(description, null, 2)}\n`)
}

/** Observations and torques as arrays of equal length, and the statistics to normalise the former with. */
export async function readDataset(directory) {
  const { samples, observationSize, statistics } = JSON.parse(await readFile(join(directory, 'dataset.json'), 'utf8'))
  const bytes = await readFile(join(directory, 'demonstrations.f32'))
  const width = observationSize + TORQUES
  const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, samples * width)
  const rows = Array.from({ length: samples }, (_, row) => Float64Array.from(numbers.subarray(row * width, (row + 1) * width)))
  return {
    observations: rows.map((row) => row.subarray(0, observationSize)),
    torques: rows.map((row) => row.subarray(observationSize)),
    statistics,
  }
}

/** Mean and standard deviation of each component of the observation. */
function statisticsOf(rows, observationSize) {
  const columns = Array.from({ length: observationSize }, (_, column) => rows.map((row) => row[column]))
  const mean = columns.map(average)
  const deviation = columns.map((column, index) => Math.sqrt(average(column.map((value) => (value - mean[index]) ** 2))))
  return { mean, deviation }
}

const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
