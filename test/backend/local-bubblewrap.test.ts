import { probeBubblewrap } from '../../src/backend/local/probe.ts'
import { describeLocalBackend } from './local.stories.ts'

const probe = await probeBubblewrap()
if (probe.kind === 'missing' && process.env.CI === 'true') throw new Error(probe.reason)
describeLocalBackend('bubblewrap', probe.kind === 'missing' && probe.reason)
