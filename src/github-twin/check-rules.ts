import { z } from 'zod'
import { Failure } from './failure.ts'

/** Limits of the REST documentation for check runs. */
const textLimit = 65_535
const messageLimitBytes = 64 * 1024
const annotationsLimit = 50
const actionsLimit = 3

const Text = z.string().max(textLimit, `is too long (maximum is ${textLimit} characters)`)
const Bytes = z.string().refine((text) => Buffer.byteLength(text) <= messageLimitBytes, 'is too long (maximum is 64 KB)')
const Line = z.number().int().min(1)

const Annotation = z
  .object({
    path: z.string().min(1),
    start_line: Line,
    end_line: Line,
    start_column: Line.nullish().transform((value) => value ?? null),
    end_column: Line.nullish().transform((value) => value ?? null),
    annotation_level: z.enum(['notice', 'warning', 'failure']),
    message: Bytes.min(1),
    title: z
      .string()
      .max(255, 'is too long (maximum is 255 characters)')
      .nullish()
      .transform((value) => value ?? null),
    raw_details: Bytes.nullish().transform((value) => value ?? null),
  })
  .refine((found) => found.end_line >= found.start_line, 'end_line must not be before start_line')
  .refine(
    (found) => found.start_line === found.end_line || (found.start_column === null && found.end_column === null),
    'start_column and end_column are allowed only on a single line',
  )

const Action = z.object({
  label: z.string().min(1).max(20, 'is too long (maximum is 20 characters)'),
  description: z.string().min(1).max(40, 'is too long (maximum is 40 characters)'),
  identifier: z.string().min(1).max(20, 'is too long (maximum is 20 characters)'),
})

const Output = z.object({
  title: z.string().min(1),
  summary: Text,
  text: Text.optional(),
  annotations: z.array(Annotation).max(annotationsLimit, `exceeds a maximum quantity of ${annotationsLimit}`).default([]),
})

const Time = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString().replace(/\.\d{3}Z$/, 'Z'))

const shared = {
  details_url: z.url({ protocol: /^https?$/ }),
  external_id: z.string(),
  started_at: Time,
  status: z.enum(['queued', 'in_progress', 'completed']),
  conclusion: z.enum(['success', 'failure', 'neutral', 'cancelled', 'skipped', 'timed_out', 'action_required']),
  completed_at: Time,
  output: Output,
  actions: z.array(Action).max(actionsLimit, `exceeds a maximum quantity of ${actionsLimit}`),
}

const Changes = z.object({ name: z.string().min(1), ...shared }).partial()
const New = z.object({ ...Changes.shape, name: z.string().min(1), head_sha: z.string() })

export type RunChanges = z.output<typeof Changes>
export type NewRun = z.output<typeof New>

/** Reads the body of `POST check-runs`. Throws 422 naming the first field that is wrong. */
export function readNewRun(body: unknown): NewRun {
  const run = read(New, body)
  requireConclusion(run)
  return run
}

/** Reads the body of `PATCH check-runs/{id}`. */
export function readRunChanges(body: unknown): RunChanges {
  const changes = read(Changes, body)
  requireConclusion(changes)
  return changes
}

function requireConclusion(run: RunChanges): void {
  if (run.status === 'completed' && run.conclusion === undefined)
    throw new Failure(422, 'Invalid request.\n\nMissing required keys: conclusion.')
}

/** Parses a body or throws 422 in GitHub's shape. */
export function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body ?? {})
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  throw new Failure(422, `Invalid request.\n\n${field} ${issue?.message ?? 'is invalid'}`, [
    { resource: 'Request', code: 'invalid', field, message: issue?.message ?? 'is invalid' },
  ])
}
