import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { loadBooks, readBooks, writeBooks } from './books.ts'
import { calm } from './calm.ts'
import type { Verdict } from './check/check.ts'
import { check } from './check/check.ts'
import { readHistory } from './check/operations.ts'
import type { Clients } from './clients.ts'
import { startClients } from './clients.ts'
import type { Cluster } from './cluster.ts'
import type { Event, HistoryWriter } from './history.ts'
import { readLines, writeHistory } from './history.ts'
import type { Arena } from './nemesis.ts'
import { faults, loseAnswers } from './nemesis.ts'
import type { Profile } from './profiles.ts'
import { randomOf } from './random.ts'
import type { ServerProcess } from './server-process.ts'
import { openServer } from './server-process.ts'
import { stockShop } from './stock-shop.ts'

export interface RunOptions {
  readonly cluster: Cluster
  readonly seed: number
  readonly profile: Profile
  /** Where the history, the final books and the servers' errors are written. */
  readonly folder: string
  /** What each server runs; this folder's own host.ts unless given. */
  readonly host?: string
  /** Told of each fault as it begins. */
  readonly onFault?: (fault: string) => void
}

const SERVERS = 3
const ENOUGH_WITHIN_MS = 30_000
/** The streams of random numbers: the clients have those from 100 on. */
const STREAMS = { schedule: 0, nemesis: 1, lostAnswers: 2 }

/** Runs a shop, breaks it, and checks what it left. */
export async function torture(options: RunOptions): Promise<Verdict> {
  const { cluster, seed, profile, folder } = options
  await mkdir(folder, { recursive: true })
  const database = `torture-${profile.name.replaceAll(' ', '-')}-${seed}`
  await record(options, database)
  await writeBooks(booksIn(folder), await readBooks(cluster.client, database))
  await cluster.client.db(database).dropDatabase()
  return checkFolder(folder)
}

/** The verdict over what an earlier run wrote. */
export async function checkFolder(folder: string): Promise<Verdict> {
  return check(await readHistory(readLines<Event>(historyIn(folder))), await loadBooks(booksIn(folder)))
}

const historyIn = (folder: string) => join(folder, 'history.jsonl')
const booksIn = (folder: string) => join(folder, 'books.jsonl')

async function record(options: RunOptions, database: string): Promise<void> {
  const { cluster, seed, profile, folder, host = fileURLToPath(import.meta.resolve('./host.ts')) } = options
  await using stack = new AsyncDisposableStack()
  const history = stack.use(writeHistory(historyIn(folder)))
  history.write({ type: 'run', seed, profile: profile.name })
  const logs = Array.from({ length: SERVERS }, (_, index) => join(folder, `server-${index}.log`))
  const opened = await Promise.allSettled(logs.map((log) => openServer({ host, uri: cluster.uri, database, log })))
  const servers = opened.flatMap((server) => (server.status === 'fulfilled' ? stack.use(server.value) : []))
  const failed = opened.find((server) => server.status === 'rejected')
  if (failed) throw failed.reason
  const products = await stockShop(servers[0]!.port, profile)
  const lost = loseAnswers({ servers, random: randomOf(seed, STREAMS.lostAnswers) }, profile.lostAnswers)
  const clients = stack.use(startClients({ seed, ...profile, products, servers, history }))
  await breakThings({ options, servers, clients, history })
  const enough = Date.now() + ENOUGH_WITHIN_MS
  while (lost.count < profile.leastLostAnswers && Date.now() < enough) await wait(100)
  await clients.stop()
  await calm({ cluster, servers })
  await clients.resolveUnknown()
  await clients.resolveDoubted()
  history.write({ type: 'lost answers', count: lost.count })
  const exitCodes = await Promise.all(servers.map((server) => server.signal('SIGTERM')))
  for (const exitCode of exitCodes) history.write({ type: 'exit', exitCode })
}

interface Storm {
  readonly options: RunOptions
  readonly servers: readonly ServerProcess[]
  readonly clients: Clients
  readonly history: HistoryWriter
}

async function breakThings({ options, servers, clients, history }: Storm): Promise<void> {
  const { cluster, seed, profile, onFault = () => {} } = options
  const onExit = (exitCode: number | null) => history.write({ type: 'exit', exitCode })
  const arena: Arena = { cluster, servers, random: randomOf(seed, STREAMS.nemesis), onExit }
  const schedule = randomOf(seed, STREAMS.schedule)
  const deadline = Date.now() + profile.minutes * 60_000
  for (const fault of profile.faults(schedule)) {
    await wait(schedule.between(300, 1200))
    onFault(fault)
    history.write({ type: 'fault', fault, phase: 'begin' })
    await faults[fault](arena)
    await calm(arena)
    // The next fault must not hide that the shop has not come back from this one.
    await clients.nextOrder()
    history.write({ type: 'fault', fault, phase: 'end' })
    await clients.resolveUnknown()
  }
  await wait(Math.max(0, deadline - Date.now()))
}
