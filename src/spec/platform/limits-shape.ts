import { optional, record, withDefault } from '../shape/record.ts'
import { integerBetween } from '../shape/scalars.ts'
import { mapped, type Shape } from '../shape/shape.ts'
import type { WorkflowLimits } from '../types.ts'
import { checkTimeouts, seconds } from './time-shapes.ts'
import { unreadKeys } from './unread-keys.ts'

const day = 86_400

/**
 * OSMO's names with the times of its Helm chart. Two counts differ on purpose: customers of OSMO want 400 tasks, and
 * with upstream's retry limit of 0 an exit action RESCHEDULE would never act.
 */
export const defaultLimits: WorkflowLimits = {
  maxTasks: 400,
  maxRetryPerTask: 3,
  defaultExecTimeoutSeconds: 7 * day,
  maxExecTimeoutSeconds: 30 * day,
  defaultQueueTimeoutSeconds: 60 * day,
  maxQueueTimeoutSeconds: 60 * day,
}

const limitFields = record({
  max_num_tasks: withDefault(integerBetween(1, 5_000), defaultLimits.maxTasks),
  max_retry_per_task: withDefault(integerBetween(0, 1_000), defaultLimits.maxRetryPerTask),
  default_exec_timeout: optional(seconds),
  max_exec_timeout: optional(seconds),
  default_queue_timeout: optional(seconds),
  max_queue_timeout: optional(seconds),
  ...unreadKeys(
    'max_num_ports_per_task',
    'max_retry_per_job',
    'default_schedule_timeout',
    'force_cleanup_delay',
    'max_log_lines',
    'max_task_log_lines',
    'max_error_log_lines',
    'max_event_log_lines',
    'task_heartbeat_frequency',
    'user_workflow_limits',
    'workflow_info',
    'workflow_data',
    'workflow_log',
    'credential_config',
  ),
})

export const limitsShape: Shape<WorkflowLimits> = mapped<(typeof limitFields)['fallback'], WorkflowLimits>(
  mapped(limitFields, checkTimeouts, limitFields.fallback),
  (values) => ({
    maxTasks: values.max_num_tasks,
    maxRetryPerTask: values.max_retry_per_task,
    defaultExecTimeoutSeconds: values.default_exec_timeout ?? defaultLimits.defaultExecTimeoutSeconds,
    maxExecTimeoutSeconds: values.max_exec_timeout ?? defaultLimits.maxExecTimeoutSeconds,
    defaultQueueTimeoutSeconds: values.default_queue_timeout ?? defaultLimits.defaultQueueTimeoutSeconds,
    maxQueueTimeoutSeconds: values.max_queue_timeout ?? defaultLimits.maxQueueTimeoutSeconds,
  }),
  defaultLimits,
)
