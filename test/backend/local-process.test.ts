import { describeLocalBackend } from './local.stories.ts'

describeLocalBackend('process', false)
