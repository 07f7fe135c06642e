import { specNameOf } from '../spec/names.ts'
import { readSetValue } from '../spec/set-value.ts'
import { suggest } from '../spec/suggestion.ts'
import type { SpecOptions, TemplateValue } from '../spec/types.ts'
import { type OptionShapes, UsageError } from './arguments.ts'
import { baseCommit, git, repositoryName } from './git.ts'
import type { Source } from './sources.ts'

/** The options of every command that renders. A further `name=value` may follow without its own `--set`, as in OSMO's command. */
export const valueOptions = {
  set: { kind: 'many', more: isAssignment },
  'set-string': { kind: 'many', more: isAssignment },
  github: { kind: 'many', more: isAssignment },
} as const satisfies OptionShapes

export type GivenValues = {
  readonly set?: readonly string[]
  readonly 'set-string'?: readonly string[]
  readonly github?: readonly string[]
}

export type Values = {
  readonly given: Readonly<Record<string, TemplateValue>>
  readonly github: Readonly<Record<string, string>>
}

/** Throws `UsageError`. `--set-string` counts over `--set`, whatever their order, as in OSMO. */
export function readValues(options: GivenValues): Values {
  const set = assignments('set', options.set).map(([name, text]) => [name, readSetValue(text)] as const)
  const strings = assignments('set-string', options['set-string'])
  const github = assignments('github', options.github)
  for (const [name] of github) if (!githubNames.includes(name)) throw new UsageError(unknownGithubName(name))
  return { given: Object.fromEntries([...set, ...strings]), github: Object.fromEntries(github) }
}

/** What extensions.md §3 lists. */
const githubNames = ['sha', 'base_sha', 'repository', 'event_name', 'pull_request', 'run_attempt', 'spec']

function unknownGithubName(name: string): string {
  return `There is no template value github.${name}.${suggest(name, githubNames) || ` Known are ${githubNames.join(', ')}.`}`
}

function isAssignment(text: string): boolean {
  return /^[A-Za-z_]\w*=/.test(text)
}

function assignments(option: string, texts: readonly string[] = []): readonly (readonly [string, string])[] {
  return texts.map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw new UsageError(`Data ${text} is incorrectly formatted. Expected --${option} NAME=VALUE.`)
    return [text.slice(0, at), text.slice(at + 1)]
  })
}

/** How the service would read this file: the repository's own values below those of the command line, and what git says. */
export async function specOptions(source: Source, values: Values): Promise<SpecOptions> {
  const fromGit = /github/.test(source.text) && source.root?.kind === 'git' ? await gitValues(source.root.directory) : {}
  const spec = specNameOf(source.path)
  return {
    file: source.path,
    ...(source.settings.config !== undefined && { values: source.settings.config.values }),
    given: values.given,
    github: { ...fromGit, ...(spec !== undefined && { spec }), ...values.github },
  }
}

async function gitValues(directory: string): Promise<Readonly<Record<string, string>>> {
  const [sha, base, repository] = await Promise.all([
    git(directory, 'rev-parse', '--verify', '--quiet', 'HEAD'),
    baseCommit(directory, 'push'),
    repositoryName(directory),
  ])
  return {
    ...(sha !== undefined && { sha }),
    ...(base !== undefined && { base_sha: base }),
    ...(repository !== undefined && { repository }),
  }
}
