import type { CommandAnswer, Forge } from '../engine/ports.ts'
import { createCheckWriter } from './checks.ts'
import type { GithubClient } from './client.ts'
import { createCommentWriter } from './comments.ts'

/** `Forge` on GitHub's REST API. Every call may be repeated: what an earlier try left there is found again. */
export function createForge(client: GithubClient): Forge {
  const comments = createCommentWriter(client)
  return { writeCheck: createCheckWriter(client), writeComment: comments.writeComment, answer }

  async function answer(given: CommandAnswer, signal: AbortSignal): Promise<void> {
    await comments.react(given, signal)
    if (given.reply !== undefined) await comments.reply(given, given.reply, signal)
  }
}
