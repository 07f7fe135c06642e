import { z } from 'zod'

const Level = z.enum(['read', 'write'])

/** What the app may do once installed, and what it is told; the defaults are what a checks-and-comments app asks for. */
const App = z.strictObject({
  id: z.number().int().positive(),
  slug: z.string().regex(/^[a-z0-9-]+$/),
  name: z.string().min(1),
  /** PEM, PKCS#8 or PKCS#1. Without one a key is made at the first start and kept. */
  privateKey: z.string().optional(),
  webhookSecret: z.string().min(1),
  webhookUrl: z.url(),
  permissions: z
    .record(z.string(), Level)
    .default({ checks: 'write', contents: 'read', issues: 'write', metadata: 'read', pull_requests: 'write' }),
  events: z.array(z.string()).default(['push', 'pull_request', 'issue_comment', 'check_run', 'check_suite']),
})

/** Calls per hour. GitHub's own numbers, except that installations get the larger one of Enterprise Cloud. */
const RateLimit = z.strictObject({
  installation: z.number().int().positive().default(15_000),
  person: z.number().int().positive().default(5_000),
  anonymous: z.number().int().positive().default(5_000),
})

export const TwinOptions = z.strictObject({
  directory: z.string().min(1),
  host: z.string().default('127.0.0.1'),
  port: z.number().int().min(0).max(65_535).default(0),
  /** Where others reach the twin, when that is not `host` and `port`. All addresses that it gives out begin with this. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  app: App,
  /** Opens `/_twin/…` to other processes; without it those addresses answer 404. */
  adminToken: z.string().min(16).optional(),
  /** When set, a page takes comments and clicks only from a browser that came through an address with `?token=`. */
  pageToken: z.string().min(16).optional(),
  rateLimit: RateLimit.prefault({}),
})

export type TwinOptions = z.output<typeof TwinOptions>
export type TwinOptionsInput = z.input<typeof TwinOptions>
export type AppOptions = TwinOptions['app']
export type Level = z.output<typeof Level>
export type Permissions = Readonly<Record<string, Level>>
