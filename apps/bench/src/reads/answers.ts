import { MAX_PAGE } from '@stockroom/contracts'
import type { Contender } from '../contenders.ts'
import type { BenchShop } from '../database.ts'
import type { Shown } from '../load/freshness.ts'

/** What is read over either door. */
export interface Read {
  readonly name: 'list' | 'product' | 'order'
  readonly path: string
  readonly procedure: string
}

export const readKinds: readonly Read[] = [
  { name: 'list', path: '/products', procedure: 'products.list' },
  { name: 'product', path: '/products/{id}', procedure: 'products.byId' },
  { name: 'order', path: '/orders/{id}', procedure: 'orders.byId' },
]

/** How many different products, or orders, are read by their ids. */
const DIFFERENT = 5000

/** All that is asked for. */
export async function answersOf(shop: BenchShop, read: Read, door: Contender['door']): Promise<Shown[]> {
  const path = door === 'rest' ? restPath : rpcPath
  switch (read.name) {
    case 'list':
      return [{ path: path(read), productIds: shop.productIds.slice(0, MAX_PAGE) }]
    case 'product':
      return spread(shop.productIds).map((id) => ({ path: path(read, id), productIds: [id] }))
    case 'order':
      return (await shop.orderIds(DIFFERENT)).map((id) => ({ path: path(read, id), productIds: [] }))
  }
}

function spread(ids: readonly string[]): string[] {
  const count = Math.min(ids.length, DIFFERENT)
  return Array.from({ length: count }, (_, index) => ids[Math.floor((index * ids.length) / count)]!)
}

const restPath = ({ path }: Read, id = ''): string => path.replace('{id}', id)

/** As the batching link sends a single call, which is how the client package makes it. */
function rpcPath({ procedure }: Read, id?: string): string {
  const input = id === undefined ? { json: null, meta: { values: ['undefined'], v: 1 } } : { json: { id } }
  return `/trpc/${procedure}?batch=1&input=${encodeURIComponent(JSON.stringify({ 0: input }))}`
}
