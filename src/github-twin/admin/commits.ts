import { git } from '../git.ts'
import { settle } from '../pushes.ts'
import type { User } from '../state.ts'
import { gitDirectory, known, repositoryOf, type World } from '../world.ts'
import type { Parsed } from './inputs.ts'
import { personNamed, repositoryNamed } from './lookup.ts'

/** A commit made in the repository itself, then announced like a push. */
export async function commitFiles(world: World, input: Parsed['commitFiles']): Promise<{ sha: string }> {
  const repository = repositoryNamed(world, input.repository)
  const author = personNamed(world, input.author)
  const directory = gitDirectory(world, repository)
  const start = input.from ?? input.branch
  const from = repository.refs[`refs/heads/${start}`] ?? (/^[0-9a-f]{40}$/.test(start) ? start : undefined)
  await git(directory, ['fast-import', '--quiet', '--force', '--date-format=now'], fastImport(input, author, from))
  world.state.repositories.put({ ...repositoryOf(world, repository.id), pusherId: author.id })
  await settle(world, repository.id)
  return { sha: known(repositoryOf(world, repository.id).refs[`refs/heads/${input.branch}`], `branch ${input.branch}`) }
}

function fastImport(input: Parsed['commitFiles'], author: User, from: string | undefined): string {
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`
  const files = Object.entries(input.files).map(([path, text]) =>
    text === null ? `D ${quoted(path)}\n` : `M 100644 inline ${quoted(path)}\n${data(text)}`,
  )
  const who = `${author.name.replace(/[<>\n]/g, '')} <${author.email}> now`
  return [
    `commit refs/heads/${input.branch}\n`,
    `author ${who}\n`,
    `committer ${who}\n`,
    data(input.message),
    from === undefined ? '' : `from ${from}\n`,
    ...files,
  ].join('')
}

function quoted(path: string): string {
  return `"${path.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`
}
