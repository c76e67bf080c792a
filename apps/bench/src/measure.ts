import { audit } from './audit.ts'
import type { Child } from './child.ts'
import { startChild } from './child.ts'
import type { Contender, ServerJob } from './contenders.ts'
import { database as databaseModule } from './contenders.ts'
import type { DatabaseJob, DatabaseResult } from './contenders/database.ts'
import type { BenchDatabase, BenchShop } from './database.ts'
import { AMPLE } from './database.ts'
import type { LoadResult, Outcomes } from './load/closed-loop.ts'
import type { Freshness } from './load/freshness.ts'
import type { LoadJob } from './load/worker.ts'
import type { Placed } from './load/pace.ts'

/** What one measurement showed. */
export interface Measurement {
  /** Orders, or answers. */
  readonly perSecond: number
  readonly latencyMs?: { readonly p50: number; readonly p99: number }
  /** Requests that were answered by anything else, in the whole run. */
  readonly failed: Outcomes
  /** The part of one core that the load generator took. */
  readonly generatorCpu?: number
  /** Of reads: the bytes of an answer, the orders placed meanwhile, and whether answers showed them. */
  readonly read?: { readonly size: number; readonly placed?: Placed; readonly freshness: Freshness }
  /** Why it does not count: the books do not show what was answered, or the answers not what was sold. */
  readonly wrong?: string
}

export interface Time {
  readonly seconds: number
  readonly warmUpSeconds: number
}

export interface Scenario {
  readonly products: number
  readonly connections: number
  readonly processes: number
}

const worker = new URL('load/worker.ts', import.meta.url)

/** Server processes of one contender, for one shop. */
export async function startServers(contender: Contender, { uri, database }: BenchShop, count: number) {
  const servers: Child<string>[] = []
  for (let index = 0; index < count; index++) {
    servers.push(await startChild<string>(contender.module, { uri, database } satisfies ServerJob))
  }
  return {
    urls: servers.map(({ answer }) => answer),
    [Symbol.asyncDispose]: async () => void (await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))),
  }
}

export async function runLoad(job: LoadJob): Promise<LoadResult> {
  await using load = await startChild<LoadResult>(worker, job)
  return load.answer
}

/** A shop with ample stock, measured with orders of one line, and audited. */
export async function measure(
  mongo: BenchDatabase,
  contender: Contender,
  { products, connections, processes, ...time }: Scenario & Time,
): Promise<Measurement> {
  await using shop = await mongo.freshShop(Array<number>(products).fill(AMPLE))
  return await measureShop(shop, contender, { lines: 1, connections, processes, ...time })
}

export interface ShopLoad extends Omit<Scenario, 'products'>, Time {
  readonly lines: number
}

export async function measureShop(
  shop: BenchShop,
  contender: Contender,
  { lines, connections, processes, seconds, warmUpSeconds }: ShopLoad,
): Promise<Measurement> {
  const before = await shop.countOrders()
  await using servers = await startServers(contender, shop, processes)
  const result = await runLoad({
    urls: servers.urls,
    connections,
    orders: { door: contender.door, productIds: shop.productIds, lines },
    until: { warmUpMs: warmUpSeconds * 1000, measureMs: seconds * 1000 },
  })
  const { failed } = split(result.all)
  const wrong = await audit(shop, { ...claimOf(result.all), before })
  return {
    perSecond: split(result.measured).placed / result.seconds,
    latencyMs: result.latencyMs,
    failed,
    generatorCpu: result.generatorCpu,
    ...(wrong && { wrong }),
  }
}

/** The database alone, from one process that waits for nothing else. */
export async function measureDatabase(
  mongo: BenchDatabase,
  { products, batch, seconds, warmUpSeconds }: Time & { products: number; batch: number },
): Promise<Measurement> {
  await using shop = await mongo.freshShop(Array<number>(products).fill(AMPLE))
  const { uri, database, productIds } = shop
  const job: DatabaseJob = {
    uri,
    database,
    productIds,
    batch,
    warmUpMs: warmUpSeconds * 1000,
    measureMs: seconds * 1000,
  }
  await using run = await startChild<DatabaseResult>(databaseModule, job)
  const { measured, all, seconds: took } = run.answer
  const wrong = await audit(shop, { placed: all, unclear: 0, before: 0 })
  return { perSecond: measured / took, failed: {}, ...(wrong && { wrong }) }
}

/** What the answers claim: see Claim. */
export function claimOf(outcomes: Outcomes): { placed: number; unclear: number } {
  const { placed, failed } = split(outcomes)
  const unclear = Object.entries(failed).filter(([outcome]) => !outcome.startsWith('4'))
  return { placed, unclear: unclear.reduce((sum, [, count]) => sum + count, 0) }
}

const isPlaced = ([outcome]: [string, number]): boolean => outcome === '201' || outcome === '200'

function split(outcomes: Outcomes): { placed: number; failed: Outcomes } {
  const entries = Object.entries(outcomes)
  return {
    placed: entries.filter(isPlaced).reduce((sum, [, count]) => sum + count, 0),
    failed: Object.fromEntries(entries.filter((entry) => !isPlaced(entry))),
  }
}
