import { type Context, Hono } from 'hono'
import type { Logger } from '../engine/log.ts'
import type { Clock, LogStore, SampleStore, ViewStore, WorkflowView } from '../engine/ports.ts'
import { type Access, guard } from './access.ts'
import { listingJson, logJson, workflowJson } from './api.ts'
import { type DocumentParts, document, refresh } from './html/document.ts'
import { listMain } from './html/list-page.ts'
import { type ForgeLinks, line } from './html/markup.ts'
import { badRequestPage, failedPage, forbiddenPage, notFoundPage, unauthorizedPage } from './html/notices.ts'
import { taskMain } from './html/task-page.ts'
import { workflowMain } from './html/workflow-page.ts'
import { readListing } from './listing.ts'
import { readLog, readLogEnd, readLogPart } from './log-reading.ts'
import { parseAfter, parseAttempt, parseListQuery } from './parameters.ts'
import { findAttempt, readView, type ShownAttempt, showWorkflow } from './reading.ts'
import { type PageVariables, securityHeaders } from './security-headers.ts'
import { createVerdictReader } from './verdicts.ts'

export type PagesParts = {
  readonly views: ViewStore
  readonly logs: LogStore
  readonly samples: SampleStore
  readonly access: Access
  /** For faults; what people asked for is not logged. */
  readonly log: Logger
  readonly clock: Clock
  /** The address that people use, when it is not the one that is listened on: its host is accepted beside loopback names. */
  readonly publicUrl?: string
  /** Where repositories are, such as `https://github.com`; without it commits and pull requests are not linked. */
  readonly forgeUrl?: string
}

type PageContext = Context<PageVariables>

/** Sent by the scripts of pages that are open. */
const refreshHeader = 'x-osmo-refresh'
const shownLogCharacters = 256 * 1024

/**
 * Pages and JSON API for people. Answers every path that nothing registered before it has answered, so it is mounted last.
 * @throws {RangeError} for a token of less than 16 characters, {TypeError} for a `publicUrl` that is none
 */
export function createPages(parts: PagesParts): Hono<PageVariables> {
  const { views, logs, samples } = parts
  const forge: ForgeLinks = { url: parts.forgeUrl?.replace(/\/+$/, '') }
  const verdictOf = createVerdictReader(views, samples)
  const app = new Hono<PageVariables>()

  app.use(securityHeaders())
  app.use(guard(parts.access, parts.publicUrl, { notFound, unauthorized, forbidden }))
  app.use(async (context, next) =>
    isReading(context) ? next() : context.text('These pages are for reading only\n', 405, { allow: 'GET, HEAD' }),
  )

  app.get('/', showList)
  app.get('/workflows/:displayId', (context) => withView(context, showOne))
  app.get('/workflows/:displayId/tasks/:task', (context) => withAttempt(context, showTask))
  app.get('/workflows/:displayId/tasks/:task/log.txt', (context) => withAttempt(context, sendLog))
  app.get('/api/workflows', listJson)
  app.get('/api/workflows/:displayId', (context) =>
    withView(context, async (view) => context.json(workflowJson(await showWorkflow(views, samples, view)))),
  )
  app.get('/api/workflows/:displayId/tasks/:task/log', (context) => withAttempt(context, sendLogPart))
  app.all('*', notFound)
  app.onError((error, context) => {
    parts.log.error({ err: error, path: context.req.path.slice(0, 200) }, 'A page could not be made')
    return isApi(context) ? context.json({ error: 'The service failed' }, 500) : context.html(failedPage(context.get('nonce') ?? ''), 500)
  })
  return app

  async function showList(context: PageContext): Promise<Response> {
    const query = parseListQuery(context.req.query())
    if (query.kind === 'invalid') return badRequest(context, query.message)
    const listing = await readListing(views, verdictOf, query.value)
    const main = listMain({ listing, query: query.value, now: parts.clock(), forge })
    return page(context, { title: 'Workflows · osmo-runner', main, script: 'live', changes: 'still' })
  }

  async function listJson(context: PageContext): Promise<Response> {
    const query = parseListQuery(context.req.query())
    if (query.kind === 'invalid') return badRequest(context, query.message)
    return context.json(listingJson(await readListing(views, verdictOf, query.value)))
  }

  async function showOne(view: WorkflowView, context: PageContext): Promise<Response> {
    const shown = await showWorkflow(views, samples, view)
    const changes = shown.verdict.kind === 'concluded' ? 'no-more' : 'still'
    const main = workflowMain({ shown, now: parts.clock(), forge })
    return page(context, { title: `${line(view.workflow.displayId)} · osmo-runner`, main, script: 'live', changes })
  }

  async function showTask(view: WorkflowView, attempt: ShownAttempt, context: PageContext): Promise<Response> {
    const log = await readLogEnd(logs, attempt.log, shownLogCharacters)
    const main = taskMain({ shown: { view }, attempt, log })
    const title = `${line(attempt.task.name)} · ${line(view.workflow.displayId)} · osmo-runner`
    return page(context, { title, main, script: 'log', changes: attempt.live === 'live' ? 'still' : 'no-more' })
  }

  async function sendLogPart(_: WorkflowView, attempt: ShownAttempt, context: PageContext): Promise<Response> {
    const after = parseAfter(context.req.query('after'))
    if (after.kind === 'invalid') return badRequest(context, after.message)
    return context.json(logJson(await readLogPart(logs, attempt.log, after.value), attempt))
  }

  /** As it was printed, colours and all; a browser saves it and never shows it as a page. */
  function sendLog(view: WorkflowView, { task, attempt, log }: ShownAttempt, context: PageContext): Response {
    const name = `${view.workflow.displayId}-${task.name}-${attempt}`.replace(/[^\w.-]/g, '_').slice(0, 150)
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-disposition': `attachment; filename="${name}.log.txt"` }
    return context.body(ReadableStream.from(logBytes(log)) as ReadableStream<Uint8Array>, 200, headers)
  }

  async function* logBytes(log: ShownAttempt['log']) {
    const encoder = new TextEncoder()
    for await (const chunks of readLog(logs, log)) yield encoder.encode(chunks.map(({ text }) => text).join(''))
  }

  async function withView(
    context: PageContext,
    answer: (view: WorkflowView, context: PageContext) => Promise<Response>,
  ): Promise<Response> {
    const view = await readView(views, context.req.param('displayId') ?? '')
    return view === undefined ? notFound(context) : answer(view, context)
  }

  function withAttempt(
    context: PageContext,
    answer: (view: WorkflowView, attempt: ShownAttempt, context: PageContext) => Response | Promise<Response>,
  ): Promise<Response> {
    return withView(context, async (view) => {
      const asked = parseAttempt(context.req.query('attempt'))
      if (asked.kind === 'invalid') return badRequest(context, asked.message)
      const attempt = findAttempt(view, context.req.param('task') ?? '', asked.value)
      return attempt === undefined ? notFound(context) : answer(view, attempt, context)
    })
  }
}

async function page(context: PageContext, parts: Omit<DocumentParts, 'nonce'>): Promise<Response> {
  const isRefresh = context.req.header(refreshHeader) !== undefined
  return context.html(isRefresh ? refresh(parts) : document({ ...parts, nonce: context.get('nonce') }))
}

const isApi = (context: Context) => context.req.path.startsWith('/api/')
const isReading = ({ req }: Context) => req.method === 'GET' || req.method === 'HEAD'

async function notFound(context: Context): Promise<Response> {
  return isApi(context) ? context.json({ error: 'Not found' }, 404) : context.html(notFoundPage(context.get('nonce')), 404)
}

async function unauthorized(context: Context): Promise<Response> {
  if (!isApi(context)) return context.html(unauthorizedPage(context.get('nonce')), 401)
  return context.json(
    { error: 'Expected the token of the printed address, as `Authorization: Bearer …` or as the cookie of the pages' },
    401,
  )
}

async function forbidden(context: Context): Promise<Response> {
  return isApi(context)
    ? context.json({ error: 'Not by this name, and not for other sites' }, 403)
    : context.html(forbiddenPage(context.get('nonce')), 403)
}

async function badRequest(context: PageContext, message: string): Promise<Response> {
  return isApi(context) ? context.json({ error: message }, 400) : context.html(badRequestPage(context.get('nonce'), message), 400)
}
