import type { Order } from '@stockroom/contracts'
import { ObjectId } from 'mongodb'
import type { OrderDocument } from '../collections/orders.ts'
import { toOrder } from '../collections/orders.ts'
import type { Shop } from '../shop.ts'
import { latest } from './latest.ts'
import type { OrderChanges } from './order-changes.ts'
import type { Watches } from './watches.ts'

export function openOrderWatch(
  { byId }: Pick<Shop['orders'], 'byId'>,
  changes: OrderChanges,
  watches: Watches,
): Shop['orders']['watch'] {
  return async (input, signal) => {
    const order = await byId(input)
    return watches.open((ended) => follow(order, ended), signal)
  }

  async function* follow(order: Order, ended: AbortSignal): AsyncGenerator<Order, void> {
    const queue = latest<OrderDocument | undefined>()
    const leave = changes.watch(new ObjectId(order.id), (changed) => queue.put(order.id, changed))
    try {
      yield order
      let steps = order.history.length
      for await (const changed of queue.read(ended)) {
        if (!changed) return
        if (changed.history.length <= steps) continue
        steps = changed.history.length
        yield toOrder(changed)
      }
    } finally {
      leave()
    }
  }
}
