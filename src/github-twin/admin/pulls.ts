import { git } from '../git.ts'
import { labelPayload } from '../payloads/pull-request.ts'
import { repositoryPage } from '../payloads/urls.ts'
import { announcePull, openPull } from '../pulls.ts'
import { settle } from '../pushes.ts'
import { headOf } from '../routes/pulls.ts'
import type { PullRequest } from '../state.ts'
import { gitDirectory, known, now, repositoryOf, type World } from '../world.ts'
import type { Parsed } from './inputs.ts'
import { personNamed, pullNumbered, repositoryNamed } from './lookup.ts'

/** Asked again for the same branch, gives what is there, closed or not: a demo that starts again finds everything as it was. */
export async function createPull(world: World, input: Parsed['createPullRequest']): Promise<PullRequest & { htmlUrl: string }> {
  const repository = repositoryNamed(world, input.repository)
  const existing = world.state.pulls.find(
    (pull) =>
      pull.repositoryId === repository.id && pull.headRef === input.head && pull.baseRef === (input.base ?? repository.defaultBranch),
  )
  const row =
    existing ??
    (await openPull(world, {
      repository,
      ...headOf(world, repository, input.head),
      baseRef: input.base ?? repository.defaultBranch,
      title: input.title,
      body: input.body,
      author: personNamed(world, input.author),
      state: input.draft ? 'draft' : 'ready',
    }))
  return { ...row, htmlUrl: repositoryPage(world, repository, `/pull/${row.number}`) }
}

/** Moves the base branch to the merge commit; the rest follows as from any push. */
export async function merge(world: World, input: Parsed['merge']): Promise<{ sha: string }> {
  const row = pullNumbered(world, input)
  const repository = repositoryOf(world, row.repositoryId)
  const sha = known(row.mergeSha ?? undefined, 'a merge commit; the branches conflict')
  await git(gitDirectory(world, repository), ['update-ref', `refs/heads/${row.baseRef}`, sha])
  world.state.repositories.put({ ...repositoryOf(world, repository.id), pusherId: personNamed(world, input.as).id })
  await settle(world, repository.id)
  return { sha }
}

const labelColor = 'ededed'

export function label(world: World, input: Parsed['label']): void {
  const row = pullNumbered(world, input)
  if (row.labels.some((found) => found.name === input.label)) return
  const added = { id: world.state.store.nextId(), name: input.label, color: labelColor }
  relabel(world, row, [...row.labels, added], input.as, 'labeled', added)
}

export function unlabel(world: World, input: Parsed['unlabel']): void {
  const row = pullNumbered(world, input)
  const removed = row.labels.find((found) => found.name === input.label)
  if (removed !== undefined)
    relabel(
      world,
      row,
      row.labels.filter((found) => found !== removed),
      input.as,
      'unlabeled',
      removed,
    )
}

function relabel(
  world: World,
  row: PullRequest,
  labels: PullRequest['labels'],
  as: string,
  action: string,
  changed: PullRequest['labels'][number],
): void {
  world.state.store.transaction(() => {
    const moved = world.state.pulls.put({ ...row, labels, updatedAt: now(world) })
    announcePull(world, moved, personNamed(world, as), action, {
      label: labelPayload(world, repositoryOf(world, row.repositoryId), changed),
    })
  })
}
