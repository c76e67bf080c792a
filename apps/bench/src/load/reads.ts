import type { LoadResult } from './closed-loop.ts'
import { closedLoop } from './closed-loop.ts'
import type { Freshness, Watched } from './freshness.ts'
import { checkFreshness } from './freshness.ts'
import type { Placed } from './pace.ts'
import { placeOrders } from './pace.ts'

export interface ReadsJob extends Watched {
  readonly connections: number
  readonly warmUpMs: number
  readonly measureMs: number
  /** Orders that are placed meanwhile. */
  readonly orders?: {
    readonly url: string
    readonly perSecond: number
    readonly productIds: readonly string[]
    /** Whether answers must show them. */
    readonly shown: boolean
  }
}

export interface ReadsResult extends LoadResult {
  readonly placed?: Placed
  readonly freshness: Freshness
}

/** Reads from many connections, each any of the answers, while orders are placed. */
export async function generateReads({ connections, warmUpMs, measureMs, orders, ...watched }: ReadsJob) {
  const { url, answers } = watched
  const freshness = checkFreshness(watched)
  // What answers something else is fast for nothing.
  await freshness.check(answers[0]!)
  const placing =
    orders &&
    (await placeOrders(orders, (id) => {
      if (orders.shown) freshness.sold(id)
    }))
  const load = await closedLoop(
    answers.map(({ path }) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`),
    { urls: [url], connections, until: { warmUpMs, measureMs } },
  )
  const placed = await placing?.stop(load.from)
  return { ...load, ...(placed && { placed }), freshness: await freshness.end() } satisfies ReadsResult
}
