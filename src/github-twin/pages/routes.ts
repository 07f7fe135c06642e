import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { requestAction, rerequestRun } from '../checks.ts'
import { createComment } from '../comments.ts'
import { Failure, notFound } from '../failure.ts'
import { resolveCommit } from '../git.ts'
import type { CheckRun, PullRequest, Repository, User } from '../state.ts'
import { atLeast, fullName, gitDirectory, pullByNumber, repositoryByName, repositoryOf, roleOf, userByLogin, type World } from '../world.ts'
import { guard, speakerOf } from './guard.ts'
import { type Html, securityHeaders, versionOf } from './layout.ts'
import { type Parts, pullPage, pullParts } from './pull-page.ts'
import { commitPage, commitParts, homePage, repositoryPage, repositoryParts } from './repository-page.ts'

const formLimitBytes = 512 * 1024

/** Pages for people, at GitHub's own addresses. */
export function pages(world: World): Hono {
  const app = new Hono()
  app.use('*', guard(world))
  app.use('*', bodyLimit({ maxSize: formLimitBytes }))
  app.onError((error, context) => failed(world, context, error))
  app.notFound((context) => context.text('Not found\n', 404))
  app.get('/', (context) => page(context, homePage(world, visible(world, context))))
  const at = '/:owner/:repo'
  app.get(at, async (context) => page(context, await repositoryPage(world, repositoryIn(world, context))))
  app.get(`${at}/live`, async (context) => live(context, await repositoryParts(world, repositoryIn(world, context))))
  app.get(`${at}/pull/:number`, async (context) => {
    const { repository, pull } = pullIn(world, context)
    return page(context, await pullPage(world, repository, pull, speakerOf(world, context)))
  })
  app.get(`${at}/pull/:number/live`, async (context) => {
    const { repository, pull } = pullIn(world, context)
    return live(context, await pullParts(world, repository, pull))
  })
  app.post(`${at}/pull/:number/comment`, (context) => comment(world, context))
  app.get(`${at}/commit/:sha`, async (context) => {
    const { repository, sha } = await commitIn(world, context)
    return page(context, await commitPage(world, repository, sha, speakerOf(world, context)))
  })
  app.get(`${at}/commit/:sha/live`, async (context) => {
    const { repository, sha } = await commitIn(world, context)
    return live(context, await commitParts(world, repository, sha))
  })
  app.get(`${at}/runs/:run`, (context) => context.redirect(pageOfRun(world, runIn(world, context)), 303))
  app.post(`${at}/runs/:run/rerun`, (context) => press(world, context, (run, person) => rerequestRun(world, run, person)))
  app.post(`${at}/runs/:run/action`, (context) => pressAction(world, context))
  return app
}

function page(context: Context, content: Html): Response | Promise<Response> {
  return context.html(content, 200, securityHeaders)
}

/** The parts of a page that move, or 204 when the asker has seen them. */
function live(context: Context, parts: Parts): Response {
  const version = versionOf(JSON.stringify(parts))
  return context.req.query('seen') === version
    ? context.body(null, 204)
    : context.json({ version, parts }, 200, { 'cache-control': 'no-store' })
}

/** Where a token is asked for, what is private is for those who have it. */
function mayRead(world: World, context: Context, repository: Repository): boolean {
  return repository.visibility === 'public' || speakerOf(world, context) === 'may speak'
}

function visible(world: World, context: Context): Repository[] {
  return world.state.repositories.filter((repository) => mayRead(world, context, repository))
}

function repositoryIn(world: World, context: Context): Repository {
  const found = repositoryByName(world, context.req.param('owner') ?? '', context.req.param('repo') ?? '')
  if (found === undefined || !mayRead(world, context, found)) throw notFound()
  return found
}

function pullIn(world: World, context: Context): { repository: Repository; pull: PullRequest } {
  const repository = repositoryIn(world, context)
  const pull = pullByNumber(world, repository, Number(context.req.param('number')))
  if (pull === undefined) throw notFound()
  return { repository, pull }
}

async function commitIn(world: World, context: Context): Promise<{ repository: Repository; sha: string }> {
  const repository = repositoryIn(world, context)
  const sha = await resolveCommit(gitDirectory(world, repository), context.req.param('sha') ?? '')
  if (sha === null) throw notFound()
  return { repository, sha }
}

function runIn(world: World, context: Context): CheckRun {
  const run = world.state.runs.get(Number(context.req.param('run')))
  if (run === undefined || run.repositoryId !== repositoryIn(world, context).id) throw notFound()
  return run
}

/** A run has no page of its own: it is shown with its pull request, else with its commit. */
function pageOfRun(world: World, run: CheckRun): string {
  const name = fullName(world, repositoryOf(world, run.repositoryId))
  const pull = world.state.pulls.find((found) => found.repositoryId === run.repositoryId && found.headSha === run.headSha)
  return pull === undefined ? `/${name}/commit/${run.headSha}` : `/${name}/pull/${pull.number}`
}

type Form = Readonly<Record<string, unknown>>

function field(form: Form, name: string): string {
  const value = form[name]
  return typeof value === 'string' ? value : ''
}

function personIn(world: World, repository: Repository, form: Form): User {
  const user = userByLogin(world, field(form, 'person'))
  if (user === undefined || user.kind !== 'User') throw new Failure(422, 'Choose who you are.')
  if (!atLeast(roleOf(world, repository, user), 'read')) throw new Failure(403, `${user.login} cannot see this repository.`)
  return user
}

async function comment(world: World, context: Context): Promise<Response> {
  const { repository, pull } = pullIn(world, context)
  const form = await context.req.parseBody()
  const body = field(form, 'body').replaceAll('\r\n', '\n')
  const made = createComment(world, pull, personIn(world, repository, form), body)
  return done(context, `/${fullName(world, repository)}/pull/${pull.number}#issuecomment-${made.id}`)
}

/** GitHub shows these buttons to those who may write, and to nobody else. */
async function press(world: World, context: Context, act: (run: CheckRun, person: User, form: Form) => void): Promise<Response> {
  const run = runIn(world, context)
  const repository = repositoryOf(world, run.repositoryId)
  const form = await context.req.parseBody()
  const person = personIn(world, repository, form)
  if (!atLeast(roleOf(world, repository, person), 'write'))
    throw new Failure(403, `${person.login} may not re-run checks here: that needs write access.`)
  act(run, person, form)
  return done(context, pageOfRun(world, run))
}

function pressAction(world: World, context: Context): Promise<Response> {
  return press(world, context, (run, person, form) => {
    const wanted = field(form, 'identifier')
    if (!run.actions.some((action) => action.identifier === wanted)) throw new Failure(422, 'This check has no such button any more.')
    requestAction(world, run, wanted, person)
  })
}

function wantsJson(context: Context): boolean {
  return (context.req.header('accept') ?? '').includes('application/json')
}

function done(context: Context, path: string): Response {
  return wantsJson(context) ? context.json({ path }) : context.redirect(path, 303)
}

function failed(world: World, context: Context, error: unknown): Response {
  if (!(error instanceof Failure)) world.log(`a page failed: ${error instanceof Error ? error.stack : error}`)
  const message = error instanceof Failure ? error.message.split('\n').at(-1) : 'Something went wrong here.'
  const status = error instanceof Failure && error.status >= 400 && error.status < 500 ? (error.status as 422) : 500
  return wantsJson(context) ? context.json({ message }, status) : context.text(`${message}\n`, status)
}
