import { type ContainerEngine, directoryLabel, listContainers, podOfContainer, removeContainer } from '../../engine/container-engine.ts'
import { isPodName, type PodName } from '../../workflow/names.ts'

export type LeftContainers = {
  readonly engine: ContainerEngine
  /** Of the backend, which its containers have as a label. */
  readonly directory: string
  readonly hasSupervisor: (pod: PodName) => Promise<boolean>
  readonly log: (message: string) => void
}

/** Removes containers that nobody watches any more: after a crash of the machine, or of a supervisor that was just making one. */
export async function removeLeftContainers({ engine, directory, hasSupervisor, log }: LeftContainers): Promise<void> {
  const listed = await listContainers(engine, ['--filter', `label=${directoryLabel(directory)}`])
  if (listed.kind === 'failed') throw new Error(`${engine.name} could not list the containers of ${directory}: ${listed.words}`)
  for (const name of listed.names) {
    const pod = podOfContainer(name)
    if (isPodName(pod) && (await hasSupervisor(pod))) continue
    const reason = await removeContainer(engine, name, 'any')
    if (reason !== undefined) log(`The container ${name} is left: ${reason}`)
  }
}
