/** Texts of specs for stories, each as short as its story allows. */

export type SpecParts = {
  readonly name: string
  /** Of the one task, `work`; run by `sh -c`. */
  readonly script: string
  /** Sections before `workflow`, such as `on` and `benchmarks`. */
  readonly sections?: string
  readonly timeout?: string
  /** More tasks, as YAML at the depth of a list item of `tasks`. */
  readonly tasks?: string
}

export const specText = ({ name, script, sections = 'on: [push, pull_request]', timeout, tasks = '' }: SpecParts) =>
  [
    sections,
    '',
    'workflow:',
    `  name: ${name}`,
    ...(timeout === undefined ? [] : ['  timeout:', `    exec_timeout: ${timeout}`]),
    '  tasks:',
    taskText('work', script),
    tasks,
    '',
  ].join('\n')

export const taskText = (name: string, script: string, inputs: readonly string[] = []) =>
  [
    `    - name: ${name}`,
    '      image: busybox:1',
    '      command: [sh, -c]',
    `      args: [${JSON.stringify(script)}]`,
    ...(inputs.length === 0 ? [] : ['      inputs:', ...inputs.map((input) => `        - task: ${input}`)]),
  ].join('\n')
