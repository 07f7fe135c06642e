import type { Reader } from './marked.ts'

/** A workflow whose task has one argument more, which a template makes. */
const printed = (expression: string) =>
  `workflow:\n  name: nav\n  tasks:\n  - {name: eval, image: a, command: [b], args: ["${expression}"]}\n`

/** A template in lines of its own, between text that stays. */
const lines = (template: string) =>
  `default-values: {gpus: 2, arms: [ur5, 7], policy: {steps: 9}}\n${printed('é 😀')}${template}\n# ${'x'.repeat(20)}\n`

/** Faults of templates, and faults that only the rendered text has, each at the source that made it. */
export const templateExamples: readonly (readonly [code: string, marked: string, reader?: Reader])[] = [
  ['template/syntax', printed('{{ 1 + «}}»')],
  ['template/syntax', printed('{{ a «b» }}')],
  ['template/syntax', printed("{{ «'»a }}")],
  ['template/syntax', printed('{{ «input:»0 }}')],
  ['template/syntax', lines('{# é #}{{ 1«)» }}')],
  ['template/syntax', lines('«{#» a')],
  ['template/syntax', lines('«{% for» arm in arms %}\n  {{ arm }}')],
  ['template/syntax', lines('{% for arm in arms %}\n{% «endif» %}')],
  ['template/syntax', lines('{% «fro» arm in arms %}')],
  ['template/undefined', printed('{{ «missing» }}')],
  ['template/undefined', printed('a {{ «missing».a.b|upper ~ 1 }}')],
  ['template/undefined', lines('{{ gpus }}\n{{ 1 + «policy.stesp» }}')],
  ['template/undefined', lines('{% for arm in arms %}\n{{ gpus }} {{ «arm.reach» }}\n{% endfor %}')],
  ['template/undefined', lines('{% if gpus > 1 and\n   «nodes» > 1 %}{% endif %}')],
  ['template/undefined', lines('{% macro box(size) %}{{ «size» }}{% endmacro %}\n{{ box() }}')],
  ['template/undefined', lines('{% set arm = «armss» %}\n{{ arm }}')],
  ['template/unknown-filter', printed('{{ 1|string|«uper» }}')],
  ['template/unknown-filter', lines('{% filter upper|«idnent»(2) %}\na\n{% endfilter %}')],
  ['template/unknown-test', printed('{{ 1 is not «dfined» }}')],
  ['template/type', printed("{{ 1 ~ «(2 + 'a')» }}")],
  ['template/type', lines('{% for arm in arms %}\n{{ 1 }}{{ «arm + 1» }}\n{% endfor %}')],
  ['template/type', lines('{% for step in «policy.steps» %}{% endfor %}')],
  ['template/type', lines('{% macro next(n) %}{{ «n + 1» }}{% endmacro %}\n{% for arm in arms %}{{ next(arm) }}{% endfor %}')],
  ['template/type', lines('{{ dict(*«gpus») }}')],
  ['template/type', lines('{{ 1 + «gpus\n   .bit_length(2)» }}')],
  ['template/value', printed('{{ 1 + «1 // 0» }}')],
  ['template/value', lines('{% set «arm, reach» = [1, 2, 3] %}')],
  ['template/value', lines("{{ [«'a'.index('b')»] }}")],
  ['template/unsafe', printed("{{ «''.__class__».__mro__ }}")],
  ['template/unsafe', lines("{{ gpus }}{{ «'{0.__class__}'.format(gpus)» }}")],
  ['template/unsupported', printed('{% «include» x %}')],
  ['template/unsupported', printed('{{ «[1, 2]|random» }}')],
  ['limit/template-steps', lines('{% for a in range(99999) %}{% for b in «range(99999)» %}{% endfor %}{% endfor %}')],
  ['limit/template-output', lines("{% for a in range(99999) %}\n{{ «'a' * 1000» }}{% endfor %}")],
  ['limit/template-memory', lines("{{ 1 }}{{ 2 ~ «'a' * 10**9» }}")],
  ['limit/template-integer', lines('{{ 1 + «2 ** 100000» }}')],
  ['limit/template-integer', lines(`{{ 1 + «${'1'.repeat(5000)}» }}`)],
  ['limit/template-depth', lines('{% macro again(n) %}{{ «again(n)» }}{% endmacro %}{{ again(1) }}')],
  ['limit/template-depth', lines(`{{ ${'('.repeat(300)}«(»1${')'.repeat(301)} }}`)],
  [
    'schema/type',
    'workflow:\n  name: nav\n  tasks:\n{% for gpus in [1, "two"] %}  - {name: t{{ gpus }}, image: a, command: [b], lead: «{{ gpus }}»}\n{% endfor %}',
  ],
  [
    'schema/type',
    'workflow:\n  name: nav\n  tasks:\n{% for n in [1, 2] %}  - {name: t{{ n }}, image: a, command: «run{{ n }}»}\n{% endfor %}',
  ],
  [
    'schema/type',
    `default-values: {all: {default: {cpu: [1]}}}\nworkflow:\n  name: nav\n  resources: «{{ all }}»\n  tasks: [{name: a, image: a, command: [b]}]\n`,
  ],
  [
    'schema/unknown-key',
    'workflow:\n  name: nav\n  tasks:\n{% for n in [1, 2] %}  - {name: t{{ n }}, image: a, command: [b], «x{{ n }}»: 1}\n{% endfor %}',
  ],
  [
    'schema/quantity',
    `default-values: {size: big}\nworkflow:\n  name: nav\n  resources: {default: {memory: «5{{ size }}»}}\n  tasks: [{name: a, image: a, command: [b]}]\n`,
  ],
  [
    'semantic/duplicate-name',
    'workflow:\n  name: nav\n  tasks:\n{% for n in [1, 1] %}\n  - {name: «"t{{ n }}"», image: a, command: [b]}\n{% endfor %}',
  ],
  [
    'schema/unknown-key',
    "workflow:\n  name: nav\n  {% macro t(n) %}\n  - name: {{ n }}\n    «imag»: x\n    command: [c]\n  {% endmacro %}\n  tasks:\n  {{ t('a') }}\n",
  ],
  [
    'schema/unknown-key',
    'workflow:\n  name: nav\n  tasks:\n  {% set t %}\n  - name: a\n    image: x\n    «comand»: [c]\n    command: [c]\n  {% endset %}\n  {{ t }}\n',
  ],
  [
    'schema/type',
    'workflow:\n  name: nav\n  tasks:\n  {% filter string %}\n  - name: a\n    image: x\n    command: [b, c]\n    lead: «[1]»\n  {% endfilter %}\n',
  ],
  ['syntax/yaml', 'workflow:\n  name: nav\n{% for n in [1, 2] %}\n  labels: {a: «{{ "]" }}»}\n{% endfor %}'],
]
