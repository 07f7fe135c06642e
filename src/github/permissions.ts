/**
 * Every route that this service calls, with the permission that GitHub wants for it. `app.yml` asks for exactly these,
 * and a test holds all three together. Comments on pull requests live below `issues`, and GitHub takes either permission for them.
 */
export const routes = {
  'GET /app': 'app',
  'GET /app/hook/deliveries': 'app',
  'POST /app/hook/deliveries/{delivery_id}/attempts': 'app',
  'POST /app/installations/{installation_id}/access_tokens': 'app',
  'GET /repositories/{id}': 'metadata:read',
  'GET /repos/{owner}/{repo}': 'metadata:read',
  'GET /repos/{owner}/{repo}/branches/{branch}': 'contents:read',
  'GET /repos/{owner}/{repo}/collaborators/{username}/permission': 'metadata:read',
  'GET /repos/{owner}/{repo}/compare/{basehead}': 'contents:read',
  'GET /repos/{owner}/{repo}/git/blobs/{file_sha}': 'contents:read',
  'GET /repos/{owner}/{repo}/git/commits/{commit_sha}': 'contents:read',
  'GET /repos/{owner}/{repo}/git/trees/{tree_sha}': 'contents:read',
  'GET /repos/{owner}/{repo}/pulls': 'pull_requests:read',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}': 'pull_requests:read',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/files': 'pull_requests:read',
  'GET /repos/{owner}/{repo}/rules/branches/{branch}': 'metadata:read',
  'GET /repos/{owner}/{repo}/commits/{ref}/check-runs': 'checks:read',
  'GET /repos/{owner}/{repo}/check-runs/{check_run_id}': 'checks:read',
  'POST /repos/{owner}/{repo}/check-runs': 'checks:write',
  'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}': 'checks:write',
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments': 'pull_requests:read',
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': 'pull_requests:write',
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': 'pull_requests:write',
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions': 'pull_requests:read',
  'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions': 'pull_requests:write',
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}': 'pull_requests:write',
} as const satisfies Readonly<Record<string, 'app' | `${string}:${'read' | 'write'}`>>

export type Route = keyof typeof routes

/** What GitHub wants before it sends an event; those without an entry come to every app. */
export const eventPermissions: Readonly<Record<string, `${string}:read`>> = {
  push: 'contents:read',
  pull_request: 'pull_requests:read',
  issue_comment: 'issues:read',
  check_run: 'checks:read',
  check_suite: 'checks:read',
  repository: 'metadata:read',
}
