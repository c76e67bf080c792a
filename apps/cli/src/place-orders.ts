import type { Inputs, ShopClient } from '@stockroom/client'
import { isShopError } from '@stockroom/client'

export interface PlacedOrders {
  readonly placed: number
  /** How many the shop refused, by the code of its answer. */
  readonly refused: Readonly<Record<string, number>>
  readonly units: number
  readonly seconds: number
  /** Of one call, from sending to answer, in milliseconds. */
  readonly latency: { readonly p50: number; readonly p99: number }
}

export interface PlaceOptions {
  readonly count: number
  readonly orderAt: (index: number) => Inputs['orders']['create']
  /** How many orders are on their way at once. */
  readonly concurrency: number
  readonly onAnswer: (answered: number) => void
}

/**
 * Places orders in their order, at most `concurrency` at once; with 1 each waits for the answer to the one before.
 * A refusal is an answer like any other; where there is none, this throws once the orders on their way have ended.
 */
export async function placeOrders(client: ShopClient, options: PlaceOptions): Promise<PlacedOrders> {
  const { count, orderAt, concurrency, onAnswer } = options
  const refused: Record<string, number> = {}
  const latencies = new Float64Array(count)
  let [next, answered, units, placed] = [0, 0, 0, 0]

  async function place(index: number): Promise<void> {
    const sent = performance.now()
    try {
      const order = await client.orders.create.mutate(orderAt(index))
      placed++
      for (const line of order.lines) units += line.quantity
    } catch (error) {
      if (!isShopError(error)) throw error
      const { code } = error.data.shop
      refused[code] = (refused[code] ?? 0) + 1
    }
    latencies[answered++] = performance.now() - sent
    onAnswer(answered)
  }

  async function placeNext(): Promise<void> {
    try {
      while (next < count) await place(next++)
    } catch (error) {
      next = count
      throw error
    }
  }

  const begun = performance.now()
  const workers = await Promise.allSettled(Array.from({ length: concurrency }, placeNext))
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
  const seconds = (performance.now() - begun) / 1000
  latencies.sort()
  return { placed, refused, units, seconds, latency: { p50: atRank(latencies, 0.5), p99: atRank(latencies, 0.99) } }
}

/** The nearest rank: the smallest value that at least this share of all does not exceed. */
function atRank(sorted: Float64Array, share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0
}
