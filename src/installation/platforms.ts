import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { WrongSettings } from '../config.ts'
import { parsePlatformConfig } from '../spec/platform-config.ts'
import type { Diagnostic, PlatformConfig } from '../spec/types.ts'
import { embeddedPlatforms } from './embedded-platforms.ts'

const nodeModules = join(import.meta.dirname, '..', '..', 'node_modules')

/**
 * The administrator's file, or the embedded configuration without one. What it warns of is logged, a line each, as `osmo config check` would
 * say it: nobody who started the service has to know that command. Throws {@link WrongSettings} with all that is wrong.
 */
export function readPlatforms(file: string | undefined, log: Pick<Logger, 'warn'>): PlatformConfig {
  const text = file === undefined ? embeddedPlatforms(nodeModules) : readFileSync(file, 'utf8')
  const parsed = parsePlatformConfig(text, file ?? 'the embedded configuration')
  if (parsed.kind === 'invalid') throw new WrongSettings(parsed.diagnostics.map(inWords))
  for (const warning of parsed.warnings) log.warn({ code: warning.code }, inWords(warning))
  return parsed.config
}

const inWords = ({ file, line, column, message }: Diagnostic) => `${file}:${line}:${column}: ${message}`
