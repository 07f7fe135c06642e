const fields = [
  { name: 'minute', least: 0, most: 59, words: [] },
  { name: 'hour', least: 0, most: 23, words: [] },
  { name: 'day of the month', least: 1, most: 31, words: [] },
  { name: 'month', least: 1, most: 12, words: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { name: 'day of the week', least: 0, most: 7, words: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
] as const

/** Why a POSIX cron line of five fields is wrong, or undefined. */
export function faultOfCron(cron: string): string | undefined {
  const parts = cron.trim().split(/\s+/)
  if (parts.length !== fields.length) return `it has ${parts.length} fields instead of 5 (minute, hour, day, month, weekday)`
  const wrong = fields.find((field, index) => !isField(parts[index] ?? '', field))
  return wrong === undefined ? undefined : `its ${wrong.name} is not in ${wrong.least}-${wrong.most}`
}

const longestDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * Whether a cron line without faults has a day in any year. A day of the week that is given counts beside the day of the month (POSIX), and
 * every month has it.
 */
export function hasDate(cron: string): boolean {
  const [, , day = '*', month = '*', weekday = '*'] = cron.trim().split(/\s+/)
  if (day.startsWith('*') || !weekday.startsWith('*')) return true
  const earliest = Math.min(...day.split(',').map((part) => readValue(part.split(/[-/]/)[0] ?? '', fields[2]) ?? 1))
  return longestDays.some((length, index) => earliest <= length && month.split(',').some((part) => holds(part, index + 1, fields[3])))
}

function holds(part: string, value: number, field: (typeof fields)[number]): boolean {
  const [range = '', step = '1'] = part.split('/')
  if (range === '*') return (value - field.least) % Number(step) === 0
  const [from = 0, to = part.includes('/') ? field.most : from] = range.split('-').map((word) => readValue(word, field))
  return value >= from && value <= to && (value - from) % Number(step) === 0
}

function isField(text: string, field: (typeof fields)[number]): boolean {
  return text.split(',').every((part) => isStep(part, field))
}

function isStep(text: string, field: (typeof fields)[number]): boolean {
  const [range = '', step, ...more] = text.split('/')
  if (more.length > 0 || (step !== undefined && !/^[1-9][0-9]{0,2}$/.test(step))) return false
  if (range === '*') return true
  const [from, to, ...others] = range.split('-').map((value) => readValue(value, field))
  return others.length === 0 && from !== undefined && (!range.includes('-') || (to !== undefined && from <= to))
}

function readValue(text: string, { least, most, words }: (typeof fields)[number]): number | undefined {
  const word = (words as readonly string[]).indexOf(text.toLowerCase())
  if (word !== -1) return word + least
  const value = /^[0-9]{1,2}$/.test(text) ? Number(text) : Number.NaN
  return value >= least && value <= most ? value : undefined
}
