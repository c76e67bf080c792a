import { setTimeout as wait } from 'node:timers/promises'
import type { MongoMember } from '@stockroom/local-mongo'
import { startMongo } from '@stockroom/local-mongo'
import type { Document } from 'mongodb'
import { MongoClient } from 'mongodb'
import type { TcpProxy } from './tcp-proxy.ts'
import { openTcpProxy } from './tcp-proxy.ts'

/** A member of the replica set, and the proxy that everybody else reaches it through. */
export interface ClusterMember {
  readonly mongod: MongoMember
  readonly proxy: TcpProxy
}

/** Three real members. All that they and the servers say to each other goes through proxies. */
export interface Cluster extends AsyncDisposable {
  readonly uri: string
  readonly members: readonly ClusterMember[]
  readonly client: MongoClient
  /** The member that takes writes, waiting for one if there is none. */
  primary(): Promise<ClusterMember>
  /** Resolves when there is a primary and every member follows it. */
  settled(): Promise<void>
}

const SETTLED_WITHIN_MS = 60_000

export async function startCluster(): Promise<Cluster> {
  await using stack = new AsyncDisposableStack()
  // A transaction's locks outlive their process by a minute, as on servers that nobody has tuned.
  const mongo = stack.use(
    await startMongo({ members: 3, electionTimeoutMillis: 1000, transactionLifetimeLimitSeconds: 60 }),
  )
  const members: ClusterMember[] = []
  for (const mongod of mongo.members) members.push({ mongod, proxy: stack.use(await openTcpProxy(mongod.port)) })
  const hosts = members.map(({ proxy }) => `127.0.0.1:${proxy.port}`)
  await moveTo(hosts, mongo.uri)
  const uri = `mongodb://${hosts.join(',')}/${mongo.uri.slice(mongo.uri.indexOf('?'))}`
  const client = stack.use(
    new MongoClient(uri, { heartbeatFrequencyMS: 500, connectTimeoutMS: 1000, socketTimeoutMS: 60_000 }),
  )
  const cluster = {
    uri,
    members,
    client,
    async primary() {
      for (;;) {
        const hello = await client.db('admin').command({ hello: 1 }, { readPreference: 'primary' })
        const index = hosts.indexOf(hello.me as string)
        if (hello.isWritablePrimary === true && index >= 0) return members[index]!
        await wait(50)
      }
    },
    settled: () => settled(client),
  }
  await cluster.settled()
  const owned = stack.move()
  return { ...cluster, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/**
 * A new primary waits neither long for the answer of a silent member nor for what that one has and nobody else: writes
 * that a majority does not have are rolled back, as they are where the old primary is gone for good.
 */
const harsh = { heartbeatTimeoutSecs: 2, catchUpTimeoutMillis: 500 }

/** Tells the set that its members live behind the proxies. */
async function moveTo(hosts: readonly string[], uri: string): Promise<void> {
  await using client = new MongoClient(uri)
  const { config } = await client.db('admin').command({ replSetGetConfig: 1 })
  const members = (config as { members: Document[] }).members.map((member, index) => ({
    ...member,
    host: hosts[index],
  }))
  // By force: without it a change of all hosts waits for a majority that it cannot hear of.
  const { version, settings } = config as { version: number; settings: Document }
  await client.db('admin').command({
    replSetReconfig: { ...(config as Document), version: version + 1, members, settings: { ...settings, ...harsh } },
    force: true,
  })
}

async function settled(client: MongoClient): Promise<void> {
  const deadline = Date.now() + SETTLED_WITHIN_MS
  for (;;) {
    const status = await client
      .db('admin')
      .command({ replSetGetStatus: 1 }, { readPreference: 'primary' })
      .catch(() => undefined)
    const states = ((status?.members ?? []) as { stateStr: string }[]).map(({ stateStr }) => stateStr)
    const following = states.filter((state) => state === 'SECONDARY').length
    if (states.includes('PRIMARY') && following === states.length - 1) return
    if (Date.now() > deadline) throw new Error(`The replica set has not settled in 60 s: ${states.join(', ')}.`)
    await wait(100)
  }
}
