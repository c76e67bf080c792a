import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findMongod } from './find-mongod.ts'
import { freePort } from './free-port.ts'
import { createMember, type MongoMember } from './member.ts'
import { formReplicaSet, replicaSetUri } from './replica-set.ts'

export interface StartMongoOptions {
  /** 1 unless given. Three take a few seconds to start, one takes about half a second. */
  readonly members?: 1 | 3
  /** How long a primary may be silent before the others elect a new one. 2,000 unless given. */
  readonly electionTimeoutMillis?: number
  /** After how long the server aborts a transaction that nobody ends. 5 unless given. */
  readonly transactionLifetimeLimitSeconds?: number
  /** Allows `configureFailPoint`. */
  readonly enableTestCommands?: boolean
}

/** A replica set that runs until it is disposed, which deletes its data. */
export interface LocalMongo extends AsyncDisposable {
  readonly uri: string
  readonly members: readonly MongoMember[]
}

/** Starts a throw-away replica set in a temporary folder and waits until it takes writes. */
export async function startMongo(options: StartMongoOptions = {}): Promise<LocalMongo> {
  const mongod = await findMongod()
  await using cleanup = new AsyncDisposableStack()
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'stockroom-mongo-')))
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))

  const parameters = {
    transactionLifetimeLimitSeconds: options.transactionLifetimeLimitSeconds ?? 5,
    diagnosticDataCollectionEnabled: 'false',
    // A member that is told to end goes on answering for this long, 15 s by default, if there are others.
    shutdownTimeoutMillisForSignaledShutdown: 1_000,
    ...(options.enableTestCommands && { enableTestCommands: 1 }),
  }
  const ports = new Set<number>()
  while (ports.size < (options.members ?? 1)) ports.add(await freePort())
  const members = [...ports].map((port) =>
    createMember({ mongod, port, dbPath: join(folder, String(port)), parameters, throwAway: true }),
  )
  // The data are thrown away, so nobody waits for a clean shutdown.
  cleanup.defer(async () => void (await Promise.all(members.map((member) => member.kill('SIGKILL')))))

  await Promise.all([...ports].map((port) => mkdir(join(folder, String(port)))))
  const started = await Promise.allSettled(members.map((member) => member.start()))
  for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason
  await formReplicaSet([...ports], {
    electionTimeoutMillis: options.electionTimeoutMillis ?? 2_000,
    heartbeatIntervalMillis: 250,
  })

  const owned = cleanup.move()
  return { uri: replicaSetUri([...ports]), members, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
