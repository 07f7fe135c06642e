// A small fully connected network with tanh after every layer: observation in, torques in [-1, 1] out.
import { readFile } from 'node:fs/promises'

const STATISTICS = new URL('observation-statistics.json', import.meta.url)

/** Reads a policy as policy/train.mjs writes it. Observations are normalised with the statistics of this repository. */
export async function loadPolicy(path) {
  const { layers } = JSON.parse(await readFile(path, 'utf8'))
  return createPolicy(JSON.parse(await readFile(STATISTICS, 'utf8')), layers)
}

/** A function from observation to torques. Each layer is `{ weights, biases }`, weights a row per unit. */
export function createPolicy(statistics, layers) {
  return (observation) => layers.reduce(forward, normalise(observation, statistics))
}

/** Zero mean and unit deviation over the demonstrations. */
export function normalise(observation, { mean, deviation }) {
  return Array.from(observation, (value, index) => (value - mean[index]) / deviation[index])
}

function forward(inputs, { weights, biases }) {
  return weights.map((row, unit) => Math.tanh(row.reduce((sum, weight, index) => sum + weight * inputs[index], biases[unit])))
}
