import { Hono } from 'hono'

export type HealthParts = {
  /** Names of the parts that are not ready, such as `database`; empty when all are. A throw counts as not ready. */
  readonly notReady: (signal: AbortSignal) => Promise<readonly string[]>
  /** What waits for a person, by name; shown while all parts are ready. */
  readonly counts?: (signal: AbortSignal) => Promise<Readonly<Record<string, number>>>
}
type Readiness = { readonly missing: readonly string[]; readonly counts: Readonly<Record<string, number>> }

const readinessSeconds = 3

/** `/healthz`: this process answers. `/readyz`: it can also work. For probes, which come by any address; nothing secret is said. */
export function createHealth(parts: HealthParts): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    await next()
    context.header('cache-control', 'no-store')
    context.header('x-content-type-options', 'nosniff')
  })
  app.get('/healthz', (context) => context.text('ok\n'))
  app.get('/readyz', async (context) => {
    const { missing, counts } = await withinDeadline(parts)
    const lines = Object.entries(counts).map(([name, count]) => `${name}: ${count}\n`)
    return missing.length === 0 ? context.text(`ready\n${lines.join('')}`) : context.text(`not ready: ${missing.join(', ')}\n`, 503)
  })
  return app
}

/** Messages of errors may hold addresses or credentials, so only names of ours are answered. */
async function withinDeadline(parts: HealthParts): Promise<Readiness> {
  const signal = AbortSignal.timeout(readinessSeconds * 1000)
  const late = new Promise<Readiness>((resolve) => signal.addEventListener('abort', () => resolve(unready('no answer in time'))))
  const asked = ask(parts, signal).catch(() => unready('the check of readiness failed'))
  return Promise.race([asked, late])
}

async function ask({ notReady, counts }: HealthParts, signal: AbortSignal): Promise<Readiness> {
  const missing = await notReady(signal)
  return { missing, counts: missing.length > 0 || counts === undefined ? {} : await counts(signal) }
}

const unready = (reason: string): Readiness => ({ missing: [reason], counts: {} })
