import { setTimeout as wait } from 'node:timers/promises'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { Outcomes } from './closed-loop.ts'
import { openConnection } from './connection.ts'
import { requestPool } from './requests.ts'

export interface Pace {
  readonly url: string
  readonly productIds: readonly string[]
  /** Orders of one unit. */
  readonly perSecond: number
}

export interface Placed {
  /** Those that were acknowledged in the measured time. */
  readonly perSecond: number
  /** What all came to. */
  readonly outcomes: Outcomes
}

export interface Placing {
  /** Places no more, and waits for the last answers. What was measured began at `from`, and ends now. */
  stop(from: number): Promise<Placed>
}

/** How long the last orders may take. */
const DRAIN_MS = 10_000

/**
 * Places orders at a steady rate, whether or not the last ones are answered: all over one connection, one behind the
 * other, for then the rate hangs on nothing but the server.
 */
export async function placeOrders(
  { url, productIds, perSecond }: Pace,
  onPlaced: (productId: string) => void,
): Promise<Placing> {
  const connection = await openConnection(new URL(url))
  const requests = productIds.map((id) => requestPool({ door: 'rest', productIds: [id], lines: 1 })[0]!)
  const random = xoroshiro128plus(2)
  const outcomes: Record<string, number> = {}
  const acknowledgedAt: number[] = []
  const begin = performance.now()
  let last: Promise<void> | undefined
  let sent = 0
  const timer = setInterval(() => {
    for (const due = ((performance.now() - begin) / 1000) * perSecond; sent < due; sent++) last = place()
  }, 1)

  async function place(): Promise<void> {
    const index = uniformInt(random, 0, productIds.length - 1)
    const { outcome } = await connection.send(requests[index]!)
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    if (outcome !== '201') return
    acknowledgedAt.push(performance.now())
    onPlaced(productIds[index]!)
  }

  return {
    async stop(from) {
      clearInterval(timer)
      const seconds = (performance.now() - from) / 1000
      const perSecond = acknowledgedAt.filter((at) => at >= from).length / seconds
      // Answers come in the order of the requests. Those of a connection that is closed are broken.
      await Promise.race([last, wait(DRAIN_MS, undefined, { ref: false })])
      connection.close()
      await last
      return { perSecond, outcomes }
    },
  }
}
