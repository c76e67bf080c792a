import type { Shop } from '@stockroom/server'
import { isShopError } from '../src/domain/errors.ts'

/** Places orders of one unit for each product in turn, and reads all products for as long as that takes. */
export async function buyAndRead({ products, orders }: Shop, count: number) {
  const revisions = new Map<string, number>()
  const wentBack = new Set<string>()
  const read = async () => {
    const { items } = await products.list({})
    for (const { id, revision } of items) {
      if (revision < (revisions.get(id) ?? 0)) wentBack.add(id)
      revisions.set(id, revision)
    }
    return items
  }
  const items = await read()
  let taken = 0
  const placed = new AbortController()

  async function buy(): Promise<void> {
    while (taken < count) await place(items[taken++ % items.length]!.id)
  }
  /** A shop that is busy has done nothing. */
  async function place(productId: string): Promise<void> {
    for (;;) {
      try {
        return void (await orders.create({ userId: 'ada', productId, quantity: 1 }))
      } catch (error) {
        if (!isShopError(error, 'BUSY')) throw error
      }
    }
  }
  async function readAlways(): Promise<void> {
    while (!placed.signal.aborted) {
      await read()
      await new Promise(setImmediate)
    }
  }
  const placing = Promise.all(Array.from({ length: 64 }, buy)).finally(() => placed.abort())
  await Promise.all([placing, readAlways()])
  return {
    quantities: async () => (await read()).map(({ quantity }) => quantity),
    wentBack: () => [...wentBack],
  }
}
