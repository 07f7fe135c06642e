import type { Reporter } from '../reporter.ts'
import { toObject } from '../shape/record.ts'
import { headOf, type Located } from '../shape/shape.ts'
import { listKnown, suggest } from '../suggestion.ts'
import type { GroupSpec, ResourceSpec, TaskSpec } from '../types.ts'
import { quote } from '../yaml/node.ts'
import { normalisedName } from './names.ts'
import type { ReadTask } from './task.ts'
import { checkTopology } from './topology.ts'
import type { ReadGroup, ReadWorkflow } from './workflow.ts'

/** Groups of a workflow after all rules between its parts (osmo-spec.md §1.2): names, leads, order, resources. */
export function resolveGroups(workflow: ReadWorkflow, reporter: Reporter): readonly GroupSpec[] {
  const groups = declaredGroups(workflow, reporter)
  checkNames(groups, reporter)
  const places = placesOfTasks(groups)
  checkInputs(groups, places, reporter)
  const resources = toObject(workflow.resources)
  for (const group of groups) checkResources(group, resources, reporter)
  checkTopology(
    groups.flatMap(({ tasks }) => tasks),
    resources,
    reporter,
  )
  return groups.map((group) => toGroupSpec(group, upstreamOf(group, groups, places), reporter))
}

/** A group as the rules see it. */
export type RuleGroup = {
  readonly name: Located<string>
  readonly declared: 'group' | 'task'
  readonly barrier: boolean
  readonly ignoreNonleadStatus: boolean
  readonly tasks: readonly ReadTask[]
}

function declaredGroups(workflow: ReadWorkflow, reporter: Reporter): readonly RuleGroup[] {
  const groups = workflow.groups?.value ?? []
  const tasks = workflow.tasks?.value ?? []
  if (groups.length > 0 && tasks.length > 0) {
    const message =
      'Cannot use both groups and tasks in the same workflow. Move the tasks into a group, or the groups\' tasks into "tasks".'
    reporter.error('semantic/groups-and-tasks', headOfList(workflow), message)
  }
  if (groups.length === 0 && tasks.length === 0 && workflow.node.kind === 'mapping') reportNothingToRun(workflow, reporter)
  return [...groups.map(fromGroup), ...tasks.map(fromTask)]
}

function headOfList(workflow: ReadWorkflow) {
  const tasks = workflow.node.kind === 'mapping' ? workflow.node.entries.find(({ key }) => key.text === 'tasks') : undefined
  return tasks?.key.range ?? workflow.node.range
}

function reportNothingToRun(workflow: ReadWorkflow, reporter: Reporter) {
  // A list of the wrong type has been reported already.
  const faulty =
    workflow.node.kind === 'mapping' && workflow.node.entries.some(({ key, value }) => isTaskList(key.text) && value.kind !== 'sequence')
  if (faulty) return
  reporter.error(
    'semantic/no-tasks',
    headOf(workflow.node),
    'Workflows need to have at least one group or one task. Add "tasks:" with one task.',
  )
}

function isTaskList(key: string): boolean {
  return key === 'tasks' || key === 'groups'
}

function fromGroup(group: ReadGroup): RuleGroup {
  const { name, barrier, ignoreNonleadStatus, tasks } = group
  return { name, declared: 'group', barrier, ignoreNonleadStatus, tasks }
}

/** Upstream makes every plain task a group of one. */
function fromTask(task: ReadTask): RuleGroup {
  const name = { value: task.name.value === '' ? '' : `${task.name.value}-group`, range: task.name.range }
  return { name, declared: 'task', barrier: true, ignoreNonleadStatus: true, tasks: [task] }
}

/** Tasks and declared groups share one set of names. */
function checkNames(groups: readonly RuleGroup[], reporter: Reporter) {
  const seen = new Map<string, string>()
  for (const name of groups.flatMap(declaredNames)) {
    if (name.value === '') continue
    const first = seen.get(normalisedName(name.value))
    if (first !== undefined) {
      const same = first === name.value ? '' : ` It is the same as ${quote(first)}, because capitals and "_" do not count.`
      const message = `Multiple tasks/groups have the same name: ${quote(name.value)}.${same} Rename one.`
      reporter.error('semantic/duplicate-name', name.range, message)
    }
    seen.set(normalisedName(name.value), first ?? name.value)
  }
}

function declaredNames(group: RuleGroup): readonly Located<string>[] {
  const names = group.tasks.map((task) => task.name)
  return group.declared === 'group' ? [group.name, ...names] : names
}

/** Groups stand in the order of their dependencies, so a cycle cannot be written. */
function checkInputs(groups: readonly RuleGroup[], places: Places, reporter: Reporter) {
  for (const [index, group] of groups.entries()) {
    for (const { name, inputs } of group.tasks)
      for (const input of inputs) {
        if (input.value.kind !== 'task') continue
        const place = places.get(input.value.task)
        if (place === undefined) {
          const { task } = input.value
          const message = () =>
            `Task input ${quote(task)} does not exist.${suggest(task, places.keys())} Name a task of this file, or WORKFLOW_ID:TASK.`
          reporter.error('semantic/unknown-input', input.range, message)
        } else if (place >= index) {
          const upstream = groups[place]?.name.value ?? ''
          const own =
            place === index ? ` Task ${quote(name.value)} cannot read from its own group: its tasks run at the same time.` : ' Move it up.'
          const message = `Group ${quote(group.name.value)} requires input group ${quote(upstream)} exists before itself.${own}`
          reporter.error('semantic/input-order', input.range, message)
        }
      }
  }
}

/** Task names to the index of their group; the first wins, since a second is an error anyway. */
type Places = ReadonlyMap<string, number>

function placesOfTasks(groups: readonly RuleGroup[]): Places {
  const places = new Map<string, number>()
  for (const [index, group] of groups.entries()) {
    for (const { name } of group.tasks) if (name.value !== '' && !places.has(name.value)) places.set(name.value, index)
  }
  return places
}

function checkResources(group: RuleGroup, resources: Readonly<Record<string, ResourceSpec>>, reporter: Reporter) {
  for (const { name, spec, resource } of group.tasks) {
    if (Object.hasOwn(resources, spec.resource)) continue
    if (resource === undefined) {
      const message = `Task ${quote(name.value)} has no specified resource. Specify a default resource in the resources section.`
      reporter.error('semantic/no-resource', name.range, message)
    } else if (spec.resource !== '' || resource.range.end > 0) {
      reporter.error('semantic/unknown-resource', resource.range, () => undefinedResource(spec.resource, Object.keys(resources)))
    }
  }
}

function undefinedResource(name: string, known: readonly string[]): string {
  return `Requesting undefined resource ${quote(name)}.${suggest(name, known) || listKnown(known)}`
}

function toGroupSpec(group: RuleGroup, upstream: readonly string[], reporter: Reporter): GroupSpec {
  const { declared, barrier, ignoreNonleadStatus } = group
  return { name: group.name.value, declared, barrier, ignoreNonleadStatus, tasks: withLead(group, reporter), upstream }
}

function withLead(group: RuleGroup, reporter: Reporter): readonly TaskSpec[] {
  const tasks = group.tasks.map((task) => task.spec)
  if (tasks.length === 1) return tasks.map((task) => ({ ...task, lead: true }))
  const leads = tasks.filter((task) => task.lead).length
  if (tasks.length > 1 && leads !== 1) {
    const message = `Group ${quote(group.name.value)} has ${leads} leader(s) but must have exactly one. Write "lead: true" at one task.`
    reporter.error('semantic/leaders', group.name.range, message)
  }
  return tasks
}

function upstreamOf(group: RuleGroup, groups: readonly RuleGroup[], places: Places): readonly string[] {
  const indexes = group.tasks
    .flatMap((task) => task.spec.inputs)
    .map((input) => (input.kind === 'task' ? places.get(input.task) : undefined))
    .filter((index) => index !== undefined)
  return [...new Set(indexes)].sort((a, b) => a - b).map((index) => groups[index]?.name.value ?? '')
}
