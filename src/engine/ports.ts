/**
 * What the engine needs from the world. Ports are named for their role; adapters in `store`, `queue`, `backend`, `data`
 * and `github` for their technology. Every call may be repeated and may be cut off by its signal or by the death of the process.
 */

export type * from './ports/attempt-desk.ts'
export type * from './ports/backend.ts'
export * from './ports/data.ts'
export type * from './ports/deliveries.ts'
export type * from './ports/dispatch.ts'
export * from './ports/github.ts'
export type * from './ports/outbox.ts'
export * from './ports/submissions.ts'
export type * from './ports/views.ts'
export type * from './ports/wake-ups.ts'
export type * from './ports/workflows.ts'
