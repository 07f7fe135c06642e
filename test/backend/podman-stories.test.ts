import { describeEngine } from './engine.stories.ts'

await describeEngine('podman', 'stories')
