import { type LoggerOptions, stdSerializers } from 'pino'

const maxMessageCharacters = 2000
const maxStackCharacters = 8000

/** Errors with their message and stack, bounded; nothing that looks like a secret in any line. */
export function logOptions(level: string): LoggerOptions {
  return { level, serializers: { error: readable, err: readable }, hooks: { streamWrite: redacted } }
}

function readable(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { type, message, stack } = stdSerializers.err(error)
  return { type, message: message.slice(0, maxMessageCharacters), stack: stack?.slice(0, maxStackCharacters) }
}

/** Tokens of GitHub, JSON web tokens, what authorises a request, and passwords in addresses. */
const secrets: readonly (readonly [pattern: RegExp, shown: string])[] = [
  [/\b(?:gh[a-z]_|github_pat_)[A-Za-z0-9_.-]{4,}/g, '[token]'],
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)*/g, '[token]'],
  [/\b(Bearer|Basic|token) +(?!\[token\])[A-Za-z0-9+/_.~=-]{16,}/gi, '$1 [token]'],
  [/(:\/\/[^\s:@/"\\]{0,200}):[^\s@/"\\]{1,500}@/g, '$1:[token]@'],
]

export function redacted(line: string): string {
  return secrets.reduce((text, [pattern, shown]) => text.replace(pattern, shown), line)
}
