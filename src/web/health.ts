import { Hono } from 'hono'

export type HealthParts = {
  /** Names of the parts that are not ready, such as `database`; empty when all are. A throw counts as not ready. */
  readonly notReady: (signal: AbortSignal) => Promise<readonly string[]>
}

const readinessSeconds = 3

/** `/healthz`: this process answers. `/readyz`: it can also work. For probes, which come by any address; nothing secret is said. */
export function createHealth({ notReady }: HealthParts): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    await next()
    context.header('cache-control', 'no-store')
    context.header('x-content-type-options', 'nosniff')
  })
  app.get('/healthz', (context) => context.text('ok\n'))
  app.get('/readyz', async (context) => {
    const missing = await withinDeadline(notReady)
    return missing.length === 0 ? context.text('ready\n') : context.text(`not ready: ${missing.join(', ')}\n`, 503)
  })
  return app
}

/** Messages of errors may hold addresses or credentials, so only names of ours are answered. */
async function withinDeadline(notReady: HealthParts['notReady']): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(readinessSeconds * 1000)
  const late = new Promise<readonly string[]>((resolve) => signal.addEventListener('abort', () => resolve(['no answer in time'])))
  const asked = notReady(signal).catch(() => ['the check of readiness failed'])
  return Promise.race([asked, late])
}
