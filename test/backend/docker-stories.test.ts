import { describeEngine } from './engine.stories.ts'

await describeEngine('docker', 'stories')
