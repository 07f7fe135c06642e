// Behaviour cloning: gradient descent (Adam) on the squared difference between the network's torques and the expert's.
import { normal } from '../sim/random.mjs'

const MOMENTUM = 0.9
const SECOND_MOMENTUM = 0.999

/** A network of these sizes, for example [8, 32, 32, 2], with what training needs beside its weights. */
export function createLearner(sizes, random) {
  const layers = sizes.slice(1).map((outputs, index) => createLayer(sizes[index], outputs, random))
  let updates = 0

  return {
    size: layers.reduce((sum, { parameters }) => sum + parameters.length, 0),

    /** One update on the samples at `indices`; returns the sum of their squared errors before it. */
    update(inputs, targets, indices, learningRate) {
      for (const layer of layers) layer.gradient.fill(0)
      let loss = 0
      for (const index of indices) loss += accumulate(layers, inputs[index], targets[index])
      updates++
      for (const layer of layers) descend(layer, learningRate, indices.length, updates)
      return loss
    },

    /** As the policy file has them. */
    layers() {
      return layers.map(({ inputs, outputs, parameters }) => ({
        weights: Array.from({ length: outputs }, (_, unit) => Array.from(parameters.subarray(unit * inputs, (unit + 1) * inputs))),
        biases: Array.from(parameters.subarray(inputs * outputs)),
      }))
    },
  }
}

/** Parameters are the weights, a row per unit, then the biases. */
function createLayer(inputs, outputs, random) {
  const size = (inputs + 1) * outputs
  const parameters = new Float64Array(size)
  for (let index = 0; index < inputs * outputs; index++) parameters[index] = normal(random) / Math.sqrt(inputs)
  return {
    inputs,
    outputs,
    parameters,
    gradient: new Float64Array(size),
    momentum: new Float64Array(size),
    scale: new Float64Array(size),
    values: new Float64Array(outputs),
    errors: new Float64Array(outputs),
  }
}

function forward(layers, input) {
  let previous = input
  for (const { inputs, outputs, parameters, values } of layers) {
    for (let unit = 0; unit < outputs; unit++) {
      let sum = parameters[inputs * outputs + unit]
      for (let index = 0; index < inputs; index++) sum += parameters[unit * inputs + index] * previous[index]
      values[unit] = Math.tanh(sum)
    }
    previous = values
  }
  return previous
}

/** Adds one sample's gradient to every layer's, from the last layer back to the first; returns the sample's squared error. */
function accumulate(layers, input, target) {
  const output = forward(layers, input)
  const last = layers[layers.length - 1]
  let loss = 0
  for (let unit = 0; unit < target.length; unit++) {
    last.errors[unit] = output[unit] - target[unit]
    loss += last.errors[unit] ** 2
  }
  for (let depth = layers.length - 1; depth >= 0; depth--) {
    const below = layers[depth - 1]
    backward(layers[depth], below?.values ?? input, below?.errors)
  }
  return loss
}

function backward({ inputs, outputs, parameters, gradient, values, errors }, previous, errorsBelow) {
  errorsBelow?.fill(0)
  for (let unit = 0; unit < outputs; unit++) {
    const slope = errors[unit] * (1 - values[unit] ** 2)
    const row = unit * inputs
    gradient[inputs * outputs + unit] += slope
    for (let index = 0; index < inputs; index++) gradient[row + index] += slope * previous[index]
    if (errorsBelow) for (let index = 0; index < inputs; index++) errorsBelow[index] += slope * parameters[row + index]
  }
}

/** Adam, by Kingma and Ba (2015). */
function descend({ parameters, gradient, momentum, scale }, learningRate, samples, updates) {
  const rate = (learningRate * Math.sqrt(1 - SECOND_MOMENTUM ** updates)) / (1 - MOMENTUM ** updates)
  for (let index = 0; index < parameters.length; index++) {
    const slope = gradient[index] / samples
    momentum[index] = MOMENTUM * momentum[index] + (1 - MOMENTUM) * slope
    scale[index] = SECOND_MOMENTUM * scale[index] + (1 - SECOND_MOMENTUM) * slope * slope
    parameters[index] -= (rate * momentum[index]) / (Math.sqrt(scale[index]) + 1e-8)
  }
}
