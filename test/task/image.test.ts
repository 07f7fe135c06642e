import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fullReference } from '../../src/task/image.ts'

describe('image references', () => {
  const examples = [
    ['ubuntu', 'docker.io/library/ubuntu'],
    ['ubuntu:24.04', 'docker.io/library/ubuntu:24.04'],
    ['osmo/arm:1', 'docker.io/osmo/arm:1'],
    ['nvcr.io/nvidia/isaac-sim:5.0.0', 'nvcr.io/nvidia/isaac-sim:5.0.0'],
    ['localhost/arm', 'localhost/arm'],
    ['registry:5000/arm@sha256:0123', 'registry:5000/arm@sha256:0123'],
  ] as const
  for (const [image, reference] of examples) {
    it(image, () => assert.equal(fullReference(image), reference))
  }

  for (const image of ['', '--privileged', 'a b', 'a\nb']) {
    it(`refuses ${JSON.stringify(image)}`, () => assert.throws(() => fullReference(image), /Expected an image such as/))
  }
})
