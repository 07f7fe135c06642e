import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { benchChanges } from './changes.ts'
import { benchDeliveries } from './deliveries.ts'
import { type Result, table } from './figures.ts'
import { type Floors, openFloors } from './floors.ts'
import { benchHop } from './hop.ts'
import { benchPush } from './push.ts'
import { benchSpecs } from './specs.ts'
import { startWorld, type World } from './world.ts'

/**
 * `npm run bench -- [--short | --smoke] [deliveries] [push] [hop] [changes] [specs]`: prints each figure beside the machine's own floor, measured in
 * the same run. Ends with 1 when anything was lost.
 */
const scales = {
  full: {
    deliveries: { ratePerSecond: 500, seconds: 60 },
    push: { runs: 30 },
    hop: { tasks: 20, chains: 3 },
    changes: { seconds: 20, inFlight: 32 },
    specs: { seconds: 10 },
  },
  short: {
    deliveries: { ratePerSecond: 500, seconds: 8 },
    push: { runs: 8 },
    hop: { tasks: 10, chains: 1 },
    changes: { seconds: 6, inFlight: 32 },
    specs: { seconds: 3 },
  },
  smoke: {
    deliveries: { ratePerSecond: 50, seconds: 1 },
    push: { runs: 1 },
    hop: { tasks: 2, chains: 1 },
    changes: { seconds: 1, inFlight: 4 },
    specs: { seconds: 0.2 },
  },
} as const

type Scale = (typeof scales)[keyof typeof scales]
type Name = keyof Scale
const names: readonly Name[] = ['push', 'hop', 'changes', 'deliveries', 'specs']

const benchmarks: Readonly<Record<Name, (world: World, floors: Floors, scale: Scale) => Promise<Result>>> = {
  deliveries: (world, _, { deliveries }) => benchDeliveries(world, deliveries),
  push: (world, floors, { push }) => benchPush(world, floors, push),
  hop: (world, floors, { hop }) => benchHop(world, floors, hop),
  changes: (world, _, { changes }) => benchChanges(world, changes),
  specs: (_, __, { specs }) => benchSpecs(specs),
}

process.exitCode = await main(process.argv.slice(2))

async function main(parameters: readonly string[]): Promise<number> {
  const scale = parameters.includes('--smoke') ? 'smoke' : parameters.includes('--short') ? 'short' : 'full'
  const unknown = parameters.find((one) => !['--smoke', '--short', ...names].includes(one))
  if (unknown !== undefined) {
    console.error(`Expected --short, --smoke or names of ${names.join(', ')}; got ${unknown}`)
    return 2
  }
  const wanted = names.filter((name) => parameters.includes(name))
  const results = await measure(wanted.length > 0 ? wanted : names, scales[scale])
  console.log(`\n${machine()}\n\n${table(results.flatMap(({ figures }) => figures))}\n`)
  for (const note of results.flatMap(({ notes }) => notes)) console.log(note)
  const lost = results.reduce((sum, result) => sum + result.lost, 0)
  console.log(`lost: ${lost}`)
  return lost === 0 ? 0 : 1
}

/** One installation serves all of them, one after the other. */
async function measure(wanted: readonly Name[], scale: Scale): Promise<readonly Result[]> {
  const world = await startWorld()
  try {
    const floors = await openFloors(world.pool)
    const results: Result[] = []
    for (const name of wanted) {
      console.error(`measuring ${name} …`)
      results.push(await benchmarks[name](world, floors, scale))
    }
    return results
  } finally {
    await world.end()
  }
}

function machine(): string {
  const memory = (totalmem() / 1024 ** 3).toFixed(0)
  const load = loadavg()[0]?.toFixed(1)
  return `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, ${memory} GiB, Node ${process.versions.node}, load ${load} at the end`
}
