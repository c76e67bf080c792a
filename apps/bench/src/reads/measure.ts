import { audit } from '../audit.ts'
import { startChild } from '../child.ts'
import { rest } from '../contenders.ts'
import type { BenchShop } from '../database.ts'
import type { ReadsJob, ReadsResult } from '../load/reads.ts'
import type { Measurement, Time } from '../measure.ts'
import { claimOf, startServers } from '../measure.ts'
import { figure } from '../report/figures.ts'
import type { Read } from './answers.ts'
import { answersOf } from './answers.ts'
import type { ReadContender, ReadServerJob } from './contenders.ts'

export interface ReadScenario {
  readonly read: Read
  readonly connections: number
  /** Orders placed a second meanwhile; 0 for none. */
  readonly orders: number
}

const worker = new URL('../load/reads-worker.ts', import.meta.url)

/** Orders that come slower than this part of what was asked for disturb less than they should. */
const HELD = 0.9

/** How fast one process answers. */
export async function measureReads(
  shop: BenchShop,
  contender: ReadContender,
  { read, connections, orders, seconds, warmUpSeconds }: ReadScenario & Time,
): Promise<Measurement> {
  const { uri, database } = shop
  const answers = await answersOf(shop, read, contender.door)
  const shown = answers.flatMap(({ productIds }) => productIds)
  const stock = await shop.stockOf(shown)
  const before = await shop.countOrders()
  const paths = answers.map(({ path }) => path)
  await using server = await startChild<string>(contender.module, { uri, database, paths } satisfies ReadServerJob)
  await using beside = await startServers(rest, shop, orders > 0 && contender.orders === 'beside' ? 1 : 0)
  const result = await runReads({
    url: server.answer,
    connections,
    answers,
    stock,
    warmUpMs: warmUpSeconds * 1000,
    measureMs: seconds * 1000,
    ...(orders > 0 && {
      orders: {
        url: beside.urls[0] ?? server.answer,
        perSecond: orders,
        productIds: shown.length > 0 ? shown : shop.productIds,
        shown: shown.length > 0 && !contender.fixed,
      },
    }),
  })
  const { measured, all, latencyMs, generatorCpu, size, placed, freshness } = result
  const wrong = differenceIn(result, orders) ?? (placed && (await audit(shop, { ...claimOf(placed.outcomes), before })))
  return {
    perSecond: (measured[OK] ?? 0) / result.seconds,
    latencyMs,
    failed: Object.fromEntries(Object.entries(all).filter(([outcome]) => outcome !== OK)),
    generatorCpu,
    read: { size, ...(placed && { placed }), freshness },
    ...(wrong && { wrong }),
  }
}

async function runReads(job: ReadsJob): Promise<ReadsResult> {
  await using load = await startChild<ReadsResult>(worker, job)
  return load.answer
}

const OK = '200'

/** Why the answers do not count, or undefined where they do. */
function differenceIn({ measured, all, placed, freshness }: ReadsResult, orders: number): string | undefined {
  const { wrong, firstWrong } = freshness
  if (wrong > 0) return `${figure(wrong)} wrong answers, the first: ${firstWrong}`
  const failure = Object.keys(all).find((outcome) => outcome !== OK)
  if (failure) return `${figure(all[failure]!)} requests came to ${failure}`
  if (!measured[OK]) return 'no answer came in time'
  if (placed && placed.perSecond < orders * HELD)
    return `${figure(placed.perSecond)} of ${figure(orders)} orders a second were placed`
}
