import { createHmac, randomUUID } from 'node:crypto'
import { deliveryFault, type Faults } from './faults.ts'
import { installationMark } from './payloads/app.ts'
import { repositoryPayload } from './payloads/repository.ts'
import { userPayload } from './payloads/user.ts'
import type { Delivery, Installation, Repository, User } from './state.ts'
import { installationFor, now, nowMilliseconds, self, timeOf, type World } from './world.ts'

/** GitHub waits this long for an answer and does not try again. */
const deadlineMilliseconds = 10_000
/** GitHub lists deliveries of three days; the number keeps a long test from growing without end. */
const keptMilliseconds = 3 * 24 * 3600 * 1000
const keptDeliveries = 5_000
const answerLimitBytes = 64 * 1024

export type Event = { readonly name: string; readonly action: string | null; readonly body: object }

/**
 * Notes a webhook about a repository for the app, if it is installed there and listens. Call inside the transaction that makes the
 * change, so that neither is kept without the other.
 */
export function announce(world: World, repository: Repository, sender: User, event: Event): void {
  const installation = installationFor(world, repository)
  if (installation === undefined || installation.suspendedAt !== null || !world.app.events.includes(event.name)) return
  const body = { ...event.body, repository: repositoryPayload(world, repository), sender: userPayload(world, sender) }
  enqueue(world, { ...event, body }, installation, repository)
}

/** Notes a webhook about the app itself or one of its installations. */
export function announceInstallation(world: World, installation: Installation, sender: User, event: Event): void {
  enqueue(world, { ...event, body: { ...event.body, sender: userPayload(world, sender) } }, installation, undefined)
}

function enqueue(world: World, event: Event, installation: Installation, repository: Repository | undefined): void {
  const action = event.action === null ? {} : { action: event.action }
  const mark = event.name === 'installation' ? {} : { installation: installationMark(installation) }
  insert(world, event, installation.id, repository?.id ?? null, JSON.stringify({ ...action, ...event.body, ...mark }))
}

/** The first message of a new webhook. */
export function ping(world: World): void {
  const at = now(world)
  const hook = {
    type: 'App',
    id: world.app.id,
    name: 'web',
    active: true,
    events: world.app.events,
    config: { content_type: 'json', insecure_ssl: '0', secret: '********', url: self(world).webhookUrl },
    updated_at: at,
    created_at: at,
    app_id: world.app.id,
    deliveries_url: `${world.url}/api/v3/app/hook/deliveries`,
  }
  const body = { zen: 'Measure before you trust.', hook_id: world.app.id, hook }
  insert(world, { name: 'ping', action: null, body }, null, null, JSON.stringify(body))
}

function insert(world: World, event: Event, installationId: number | null, repositoryId: number | null, payload: string): void {
  const at = now(world)
  world.state.deliveries.put({
    id: world.state.store.nextId(),
    guid: randomUUID(),
    event: event.name,
    action: event.action,
    installationId,
    repositoryId,
    redelivery: false,
    state: 'pending',
    payload,
    createdAt: at,
    deliveredAt: at,
    durationSeconds: 0,
    statusCode: 0,
    status: 'pending',
    requestHeaders: {},
    responseHeaders: {},
    responseBody: '',
  })
  world.wake()
}

/** Sends a delivery once more: a new attempt with the same GUID and the same bytes. */
export function redeliver(world: World, delivery: Delivery): Delivery {
  const at = now(world)
  const again = world.state.deliveries.put({
    ...delivery,
    id: world.state.store.nextId(),
    redelivery: true,
    state: 'pending',
    createdAt: at,
    deliveredAt: at,
    status: 'pending',
    statusCode: 0,
  })
  world.wake()
  return again
}

export type Sender = { wake(): void; idle(): Promise<void>; close(): Promise<void> }

/** Sends what is pending in the background, one after the other in order of creation, save where a fault says otherwise. */
export function startSender(world: World, faults: Faults, observe: (delivery: Delivery) => void): Sender {
  const stop = new AbortController()
  let working: Promise<void> | undefined
  const wake = () => {
    if (working !== undefined || stop.signal.aborted) return
    working = sendAll(world, faults, observe, stop.signal)
      .catch((error) => world.log(`sending webhooks stopped: ${error}`))
      .finally(() => {
        working = undefined
        if (nextPending(world) !== undefined) wake()
      })
  }
  return {
    wake: () => queueMicrotask(wake),
    async idle() {
      while (working !== undefined || nextPending(world) !== undefined) await (working ?? new Promise((resolve) => setImmediate(resolve)))
    },
    async close() {
      stop.abort()
      await working
    },
  }
}

function nextPending(world: World): Delivery | undefined {
  return world.state.deliveries.find((delivery) => delivery.state === 'pending')
}

async function sendAll(world: World, faults: Faults, observe: (delivery: Delivery) => void, stop: AbortSignal): Promise<void> {
  for (let next = nextPending(world); next !== undefined && !stop.aborted; next = nextPending(world)) {
    await sendWithFaults(world, faults, next, observe, stop)
    prune(world)
  }
}

async function sendWithFaults(
  world: World,
  faults: Faults,
  delivery: Delivery,
  observe: (delivery: Delivery) => void,
  stop: AbortSignal,
): Promise<void> {
  const fault = deliveryFault(faults, delivery)
  switch (fault?.kind) {
    case 'lose':
      world.state.deliveries.put({ ...delivery, state: 'lost', status: 'lost by a scripted fault' })
      return
    case 'drop':
      world.state.deliveries.put({ ...delivery, state: 'attempted', status: 'timed out', deliveredAt: now(world) })
      return
    case 'reorder':
      moveBehindNext(world, delivery)
      return
    case 'delay':
      await pause(fault.milliseconds, stop)
      break
    case 'duplicate':
      await send(world, delivery, observe, stop)
      break
  }
  await send(world, delivery, observe, stop)
}

/** A new id puts the delivery behind whatever waits now; with nothing else waiting it stays first. */
function moveBehindNext(world: World, delivery: Delivery): void {
  world.state.store.transaction(() => {
    world.state.deliveries.delete(delivery.id)
    world.state.deliveries.put({ ...delivery, id: world.state.store.nextId() })
  })
}

function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    stop.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

async function send(world: World, delivery: Delivery, observe: (delivery: Delivery) => void, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return
  const requestHeaders = headersFor(world, delivery)
  const start = performance.now()
  const answer = await post(self(world).webhookUrl, requestHeaders, delivery.payload, stop)
  if (answer === 'stopped') return
  const durationSeconds = Math.round(performance.now() - start) / 1000
  const attempted: Delivery = {
    ...delivery,
    ...answer,
    state: 'attempted',
    requestHeaders,
    deliveredAt: timeOf(nowMilliseconds(world)),
    durationSeconds,
  }
  world.state.deliveries.put(attempted)
  observe(attempted)
}

function headersFor(world: World, delivery: Delivery): Record<string, string> {
  const sign = (hash: string) => createHmac(hash, world.app.webhookSecret).update(delivery.payload).digest('hex')
  return {
    accept: '*/*',
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/twin',
    'x-github-delivery': delivery.guid,
    'x-github-event': delivery.event,
    'x-github-hook-id': String(world.app.id),
    'x-github-hook-installation-target-id': String(world.app.id),
    'x-github-hook-installation-target-type': 'integration',
    'x-hub-signature': `sha1=${sign('sha1')}`,
    'x-hub-signature-256': `sha256=${sign('sha256')}`,
  }
}

type Answer = Pick<Delivery, 'statusCode' | 'status' | 'responseHeaders' | 'responseBody'>

async function post(url: string, headers: Record<string, string>, body: string, stop: AbortSignal): Promise<Answer | 'stopped'> {
  try {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(deadlineMilliseconds)])
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
    const text = (await response.text()).slice(0, answerLimitBytes)
    const status = response.ok ? 'OK' : `Invalid HTTP Response: ${response.status}`
    return { statusCode: response.status, status, responseHeaders: Object.fromEntries(response.headers), responseBody: text }
  } catch (error) {
    if (stop.aborted) return 'stopped'
    const timedOut = error instanceof Error && error.name === 'TimeoutError'
    return { statusCode: 0, status: timedOut ? 'timed out' : 'failed to connect to host', responseHeaders: {}, responseBody: '' }
  }
}

function prune(world: World): void {
  const { deliveries } = world.state
  const oldest = nowMilliseconds(world) - keptMilliseconds
  const all = [...deliveries.all()].filter((delivery) => delivery.state !== 'pending')
  const surplus = Math.max(all.length - keptDeliveries, 0)
  for (const [index, delivery] of all.entries()) {
    if (index >= surplus && Date.parse(delivery.deliveredAt) >= oldest) return
    deliveries.delete(delivery.id)
  }
}
