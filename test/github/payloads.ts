/** Webhook payloads as GitHub sends them, cut to what matters and a little more. */

export const head = 'a'.repeat(40)
export const before = 'b'.repeat(40)
export const zero = '0'.repeat(40)

export const ada = { id: 11, login: 'ada', type: 'User' }
export const repository = {
  id: 42,
  full_name: 'acme/robot-arm',
  default_branch: 'main',
  private: true,
  url: 'https://evil.example/repos/acme/robot-arm',
  clone_url: 'https://evil.example/acme/robot-arm.git',
}
const common = { repository, installation: { id: 7 }, sender: ada }
export const reference = { id: 42, installationId: 7, fullName: 'acme/robot-arm' }

export const push = {
  ...common,
  ref: 'refs/heads/main',
  before,
  after: head,
  created: false,
  deleted: false,
  forced: false,
  head_commit: { id: head, message: 'Faster solver' },
  pusher: { name: 'somebody-else' },
}

export const pullRequest = (action: string) => ({
  ...common,
  ...(action === 'edited' ? { changes: { base: { ref: { from: 'old' }, sha: { from: before } } } } : {}),
  action,
  number: 5,
  pull_request: {
    head: { sha: head, ref: 'feature', repo: { id: 42 } },
    base: { sha: before, ref: 'main', repo: { id: 42 } },
    draft: false,
    user: { id: 12, login: 'eve', type: 'User' },
  },
})

export const comment = (action: string) => ({
  ...common,
  action,
  issue: { number: 5, pull_request: { url: 'https://evil.example/' } },
  comment: { id: 900, body: '/osmo rerun', user: { id: 12, login: 'eve', type: 'User' }, performed_via_github_app: null },
})

export const checkRun = (action: string) => ({
  ...common,
  action,
  check_run: { id: 77, head_sha: head, external_id: 'some-uuid', app: { id: 3 }, pull_requests: [], check_suite: { head_branch: null } },
})

export const checkSuite = (action: string) => ({
  ...common,
  action,
  check_suite: { id: 78, head_sha: head, head_branch: null, app: { id: 3 }, pull_requests: [] },
})
