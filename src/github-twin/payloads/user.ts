import type { User } from '../state.ts'
import type { World } from '../world.ts'
import { apiUrl, nodeId, pageUrl } from './urls.ts'

/** A user as GitHub embeds it everywhere (`simple-user`). */
export function userPayload(world: World, user: User) {
  const url = apiUrl(world, `/users/${encodeURIComponent(user.login)}`)
  return {
    login: user.login,
    id: user.id,
    node_id: nodeId('User', user.id),
    avatar_url: pageUrl(world, `/avatars/u/${user.id}`),
    gravatar_id: '',
    url,
    html_url: pageUrl(world, `/${encodeURIComponent(user.login)}`),
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: user.kind,
    site_admin: false,
    user_view_type: 'public',
  }
}

/** A user as its own page of the API shows it. */
export function publicUserPayload(world: World, user: User) {
  return {
    ...userPayload(world, user),
    name: user.name,
    company: null,
    blog: '',
    location: null,
    email: user.email,
    hireable: null,
    bio: null,
    public_repos: world.state.repositories.filter((repository) => repository.ownerId === user.id).length,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: user.createdAt,
    updated_at: user.createdAt,
  }
}
