import { chmod, readFile, stat } from 'node:fs/promises'
import path from 'node:path'

export type Account = {
  readonly uid: number
  readonly gid: number
  /** `initdb` looks its user up by name, which only accounts of the machine have; the files become `uid`'s afterwards. */
  readonly named: { readonly uid: number; readonly gid: number }
}

/** Above the accounts that distributions hand out, below `nobody`. */
const firstUid = 64_000

/**
 * PostgreSQL refuses to run as root: as root it gets a uid of its own, the owner of the data directory once there is one. Undefined when
 * we are not root. Lets that uid pass through `directory` and its parent, which are ours; throws when something above bars the way.
 */
export async function chooseAccount(directory: string, data: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const users = parseUsers(await readFile('/etc/passwd', 'utf8'))
  const named = users.find(({ name }) => name === 'nobody') ?? users.find(({ uid }) => uid !== 0)
  if (!named)
    throw new Error('Expected an account other than root in /etc/passwd, found none: add one, or start the service as another user')
  const uid = (await ownerOf(data)) ?? firstFree(users.map((user) => user.uid))
  await openTheWay(directory, uid)
  return { uid, gid: uid, named: { uid: named.uid, gid: named.gid } }
}

/** May others than owner and group read it, and enter each directory above it? */
export async function isReachable(file: string): Promise<boolean> {
  const { mode } = await stat(file)
  return (mode & 0o005) === 0o005 && (await barrierAbove(file)) === undefined
}

function parseUsers(passwd: string) {
  return passwd.split('\n').flatMap((line) => {
    const [name = '', , uid = '', gid = ''] = line.split(':')
    return /^\d+$/.test(uid) && /^\d+$/.test(gid) ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })
}

async function ownerOf(data: string): Promise<number | undefined> {
  const found = await stat(data).catch(() => undefined)
  return found && found.uid !== 0 ? found.uid : undefined
}

function firstFree(taken: readonly number[]): number {
  let uid = firstUid
  while (taken.includes(uid)) uid += 1
  return uid
}

async function openTheWay(directory: string, uid: number): Promise<void> {
  for (const ours of [directory, path.dirname(directory)]) {
    const { mode, uid: owner } = await stat(ours)
    if (owner === 0 && (mode & 0o001) === 0 && ours !== '/root') await chmod(ours, (mode & 0o7777) | 0o011)
  }
  const barrier = await barrierAbove(path.join(directory, 'data'))
  if (barrier === undefined) return
  throw new Error(
    `PostgreSQL does not run as root, and uid ${uid}, which it gets instead, may not enter ${barrier}: choose a data directory elsewhere (such as /var/lib/osmo-runner), or start the service as another user`,
  )
}

async function barrierAbove(file: string): Promise<string | undefined> {
  for (let directory = path.dirname(file); ; directory = path.dirname(directory)) {
    const { mode } = await stat(directory)
    if ((mode & 0o001) === 0) return directory
    if (directory === path.dirname(directory)) return undefined
  }
}
