import { suggest } from '../spec/suggestion.ts'
import { UsageError } from './arguments.ts'
import type { Terminal } from './terminal.ts'

const values = `  --set NAME=VALUE          a template value: an integer or a float where it reads as one (as OSMO does)
  --set-string NAME=VALUE   a template value, always text
  --github NAME=VALUE       github.sha, github.repository and so on; without it what git says, else zeros
`
const format = '  --format text|json        default: text\n'

const pages: Readonly<Record<string, string>> = {
  validate: `Usage: osmo validate [PATH…]

Checks specs: files, directories (one with .osmo means the specs in it), or - for standard input. Default: .osmo,
here or above in the same git repository.
Exit code 0 without errors, 1 with, 2 when the command line is wrong.

${values}  --config FILE             the administrator's file: also checks pools, platforms, permissions, rules and quota
${format}`,
  render: `Usage: osmo render FILE

Prints the workflow section as rendered and loaded. In JSON, .nan and .inf are these words as strings. - is standard input.

${values}${format}`,
  export: `Usage: osmo export FILE

Prints the spec as pure OSMO: our four sections dropped, values from git and from the command line written into default-values,
directories of localpath expanded to files.

${values}${format}`,
  plan: `Usage: osmo plan [DIR]

Says what a push of this working tree would run, what it would skip and why, and where.

  --event push|pull_request                 default: push
  --changed PATH…                           from the root of the repository; default: what git says has changed
  --branch NAME                             pushed to, or the pull request's base; default: what git says
  --tag NAME                                pushed, instead of a branch
  --draft                                   the pull request is one
  --label NAME                              of the pull request; may be given often
  --origin trusted|approved|untrusted       whose code it is; default: trusted
  --config FILE                             the administrator's file; default: an installation without one
${values}${format}`,
  schema: `Usage: osmo schema [spec|config|platform]

Prints a JSON Schema for editors: of a spec (default), of .osmo/config.yaml, or of the administrator's file.
`,
  config: `Usage: osmo config check FILE

Checks the administrator's file, or .osmo/config.yaml, and says everything that is wrong at once.

  --config FILE             the administrator's file, beside which .osmo/config.yaml is checked
${format}`,
  new: `Usage: osmo new [TEMPLATE]

Writes a starter (default: hello), and never over a file that is there.

  --list                    what there is
  --into DIR                default: here
${format}`,
}

const overview = `Usage: osmo COMMAND

  validate [PATH…]      check specs, and point at every mistake
  render FILE           print the rendered workflow
  export FILE           print a pure OSMO spec
  plan [DIR]            what would run, what not, and why
  schema                a JSON Schema for editors
  config check FILE     check the administrator's file or .osmo/config.yaml
  new [TEMPLATE]        write a starter
  help [COMMAND]        this, or a command's options
  --version             which version this is

All of it works offline, without a service.
`

export const commandNames = [...Object.keys(pages), 'help']

export async function help(parameters: readonly string[], terminal: Terminal): Promise<number> {
  const [command] = parameters
  const page = command === undefined || command === 'help' ? overview : pageOf(command)
  terminal.out(page)
  return 0
}

function pageOf(command: string): string {
  const page = Object.hasOwn(pages, command) ? pages[command] : undefined
  if (page === undefined) throw new UsageError(unknownCommand(command))
  return page
}

export function unknownCommand(command: string): string {
  return `There is no command ${JSON.stringify(command)}.${suggest(command, commandNames)} See "osmo help".`
}
