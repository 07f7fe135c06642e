// A small fully connected network with tanh after every layer: observation in, torques in [-1, 1] out.
import { readFile } from 'node:fs/promises'

/** Reads a policy as policy/train.mjs writes it. */
export async function loadPolicy(path) {
  const { statistics, layers } = JSON.parse(await readFile(path, 'utf8'))
  return createPolicy(statistics, layers)
}

/** A function from observation to torques, which it overwrites at the next call. Each layer is `{ weights, biases }`, weights a row per unit. */
export function createPolicy(statistics, layers) {
  const input = new Float64Array(statistics.mean.length)
  const flat = layers.map(({ weights, biases }) => ({
    weights: Float64Array.from(weights.flat()),
    biases: Float64Array.from(biases),
    outputs: new Float64Array(biases.length),
  }))
  return (observation) => {
    let values = normalise(observation, statistics, input)
    for (const layer of flat) values = forward(layer, values)
    return values
  }
}

/** Zero mean and unit deviation over the demonstrations. */
export function normalise(observation, { mean, deviation }, result = new Float64Array(mean.length)) {
  for (let index = 0; index < mean.length; index++) result[index] = (observation[index] - mean[index]) / deviation[index]
  return result
}

function forward({ weights, biases, outputs }, inputs) {
  for (let unit = 0, weight = 0; unit < outputs.length; unit++) {
    let sum = biases[unit]
    for (let index = 0; index < inputs.length; index++) sum += weights[weight++] * inputs[index]
    outputs[unit] = Math.tanh(sum)
  }
  return outputs
}
