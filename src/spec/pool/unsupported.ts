import type { SpecPart } from '../places.ts'
import type { Checkout, TaskSpec, WorkflowSpec } from '../types.ts'
import type { Fault } from './pool-fit.ts'

/**
 * What a valid spec asks for and this version cannot give. It would run with empty directories, store nothing and end well all the same, so
 * it is refused before anything starts (architecture.md §3, law 7).
 */
export function unsupportedParts({ groups, checkout }: WorkflowSpec): readonly Fault[] {
  return [...(checkout ? ofCheckout(checkout) : []), ...groups.flatMap((group) => group.tasks).flatMap(ofTask)]
}

function ofCheckout({ lfs, submodules, history }: Checkout): readonly Fault[] {
  const fault = (key: keyof Checkout, what: string): Fault => ({
    reason: `This version cannot put ${what} into a checkout yet, so \`checkout.${key}\` would be without effect. Remove it, or get them in the task's command.`,
    about: { kind: 'checkout', key },
  })
  return [
    ...(lfs ? [fault('lfs', 'LFS objects')] : []),
    ...(submodules ? [fault('submodules', 'submodules')] : []),
    ...(history > 0 ? [fault('history', 'earlier commits')] : []),
  ]
}

function ofTask(task: TaskSpec): readonly Fault[] {
  const at = (key: Extract<SpecPart, { kind: 'data' }>['key'], index: number): SpecPart => ({ kind: 'data', task: task.name, key, index })
  return [
    ...task.inputs.flatMap((input, index) =>
      input.kind === 'url'
        ? [{ reason: `This version cannot fetch ${input.url} for task ${task.name} yet. ${insteadOfInput}`, about: at('inputs', index) }]
        : [],
    ),
    ...task.outputs.map(({ url }, index) => ({
      reason: `This version cannot store the output of task ${task.name} at ${url} yet. ${insteadOfOutput}`,
      about: at('outputs', index),
    })),
    ...task.checkpoint.map(({ url }, index) => ({
      reason: `This version cannot store checkpoints of task ${task.name} at ${url} yet. ${insteadOfOutput}`,
      about: at('checkpoint', index),
    })),
    ...task.volumeMounts.map((mount, index) => ({
      reason: `This version cannot mount ${mount} into task ${task.name} yet. Remove it.`,
      about: at('volumeMounts', index),
    })),
    ...Object.keys(task.credentials).map((name, index) => ({
      reason: `This version cannot give task ${task.name} the credential ${name} yet. Remove it.`,
      about: at('credentials', index),
    })),
  ]
}

const insteadOfInput = "Use `localpath` for files of the repository, or `task:` for another task's output, and remove the url."
const insteadOfOutput = 'Every output is kept by this service, for other tasks and for people: remove the url.'
