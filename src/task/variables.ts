import { AttemptEnded, exitCodes } from './exits.ts'

export type HandedOver = {
  readonly arguments: readonly string[]
  /** For the environment of the engine's command. */
  readonly inherited: Readonly<Record<string, string>>
  /** Of the file that the arguments name. */
  readonly file: string
}

/** Both engines read their files of variables in lines of less than 64 KiB. */
const maxLineBytes = 60_000

/**
 * A container's variables, by ways that no other user of this machine can read: most in a file; what does not fit into one of its lines by
 * name, from the environment of the engine's command. Names that a file cannot hold, which no secret has, come as arguments.
 */
export function handOver(environment: Readonly<Record<string, string>>, filePath: string): HandedOver {
  const variables = Object.entries(environment).map(([name, value]) => ({ name, value, way: wayOf(name, value) }))
  const by = (way: Way) => variables.filter((variable) => variable.way === way)
  const named = by('name')
  for (const { name } of named) checkInherited(name)
  return {
    arguments: [
      ...['--env-file', filePath],
      ...named.flatMap(({ name }) => ['--env', name]),
      ...by('argument').flatMap(({ name, value }) => ['--env', `${name}=${value}`]),
    ],
    inherited: Object.fromEntries(named.map(({ name, value }) => [name, value])),
    file: by('file')
      .map(({ name, value }) => `${name}=${value}\n`)
      .join(''),
  }
}

type Way = 'file' | 'name' | 'argument'

function wayOf(name: string, value: string): Way {
  if (!/^[A-Za-z_][\w.-]*$/.test(name)) return 'argument'
  return /[\n\r]/.test(value) || Buffer.byteLength(value) > maxLineBytes ? 'name' : 'file'
}

/** A spec's variable must not steer the engine's command, its libraries or its language's runtime, which may run as root. */
function checkInherited(name: string): void {
  if (!steersPrograms.test(name)) return
  throw new AttemptEnded(
    'start-error',
    exitCodes.startError,
    `The variable ${name} cannot be handed to a container: expected one line of less than ${maxLineBytes} bytes. Give it another name or another value`,
  )
}

const steersPrograms =
  /^(LD_|GLIBC_|MALLOC_|GO|CGO_|DOCKER_|BUILDKIT_|CONTAINER|PODMAN_|STORAGE_|BUILDAH_|XDG_|DBUS_|SSL_|OTEL_|GCONV_|LOC|LC_|RES_|TMP|TEMP|TZ|NOTIFY_|LISTEN_|_)|^(HOME|PATH|USER|REGISTRY_AUTH_FILE|LANG|LANGUAGE|NLSPATH|HOSTALIASES|NETAVARK_FW|CNI_PATH)$|_PROXY$/i
