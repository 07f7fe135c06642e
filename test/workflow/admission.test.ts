import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Random, seededRandom } from '../../src/benchmark/random.ts'
import { admit } from '../../src/workflow/admission.ts'

type Pod = { readonly name: string; readonly cpu: number; readonly exclusive: boolean }
/** `a1`: a pod that wants one CPU; `x2!`: an exclusive one that wants two. */
const pods = (text: string): readonly Pod[] =>
  text
    .split(' ')
    .filter(Boolean)
    .map((word) => ({ name: word, cpu: Number(/\d+/.exec(word)?.[0]), exclusive: word.endsWith('!') }))

const table: readonly (readonly [title: string, capacity: number, living: string, pending: string, admitted: string])[] = [
  ['an empty machine takes what fits', 4, '', 'a1 b1', 'a1 b1'],
  ['in the order of waiting, up to what it has', 2, '', 'a1 b1 c1', 'a1 b1'],
  ['what lives counts', 2, 'z1', 'a1 b1', 'a1'],
  ['one that does not fit stops those behind it', 4, 'z3', 'a2 b1', ''],
  ['one that wants more than there is gets the whole', 2, '', 'a8 b1', 'a8'],
  ['and waits for the whole', 2, 'z1', 'a8 b1', ''],
  ['an exclusive one starts alone', 4, '', 'x1! a1', 'x1!'],
  ['an exclusive one waits until nothing lives', 4, 'z1', 'x1! a1', ''],
  ['those before an exclusive one go first', 4, '', 'a1 x1! b1', 'a1'],
  ['beside an exclusive one nothing starts', 4, 'x1!', 'a1', ''],
  ['pods that want nothing fit always', 2, 'z2', 'a0 b0', 'a0 b0'],
]

describe('Admission', () => {
  for (const [title, capacity, living, pending, admitted] of table)
    it(title, () =>
      assert.equal(
        admit(pods(living), pods(pending), capacity)
          .map(({ name }) => name)
          .join(' '),
        admitted,
      ),
    )

  const seed = Number(process.env.OSMO_TEST_SEED ?? Date.now() % 1_000_000)
  it(`never overcommits, never mixes, and lets nobody starve (seed ${seed})`, () => {
    for (let index = 0; index < 300; index++) simulate(seededRandom(seed + index))
  })
})

/** Pods come, run for a while and go. Everyone who waits must be let in once enough of those before him are gone. */
function simulate(random: Random): void {
  const capacity = 1 + Math.floor(random() * 4)
  let living: { readonly pod: Pod; readonly until: number }[] = []
  let waiting: Pod[] = []
  const came: string[] = []
  const started: string[] = []
  for (let now = 0; now < 400; now++) {
    living = living.filter(({ until }) => until > now)
    if (now < 150 && random() < 0.5) {
      waiting.push({ name: `p${now}`, cpu: random() * 5, exclusive: random() < 0.15 })
      came.push(`p${now}`)
    }
    const admitted = admit(
      living.map(({ pod }) => pod),
      waiting,
      capacity,
    )
    waiting = waiting.filter((pod) => !admitted.includes(pod))
    living.push(...admitted.map((pod) => ({ pod, until: now + 1 + Math.floor(random() * 3) })))
    started.push(...admitted.map(({ name }) => name))
    const used = living.reduce((sum, { pod }) => sum + Math.min(pod.cpu, capacity), 0)
    assert.ok(used <= capacity + 1e-9, `${used} of ${capacity}`)
    assert.ok(living.length <= 1 || living.every(({ pod }) => !pod.exclusive), 'an exclusive pod had company')
  }
  assert.deepEqual(started, came, 'first come, first served')
}
