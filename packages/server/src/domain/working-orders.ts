import type { OrderStatus } from '@stockroom/contracts'
import type { OrderDocument, OrderStepDocument } from '../collections/orders.ts'

/** An order that the batch moves: the status it was read in, and the order as the batch leaves it. */
export interface OrderChange {
  readonly from: OrderStatus
  readonly steps: readonly OrderStepDocument[]
  readonly after: OrderDocument
}

/** The orders of a batch while it is being settled: each command sees what those before it did. */
export class WorkingOrders {
  readonly #read: ReadonlyMap<string, OrderDocument>
  readonly #now = new Map<string, OrderDocument>()
  readonly #idByKey = new Map<string, string>()

  constructor(orders: ReadonlyMap<string, OrderDocument>) {
    this.#read = orders
    for (const [id, order] of orders) for (const key of order.keys ?? []) this.#idByKey.set(key, id)
  }

  get(id: string): OrderDocument | undefined {
    return this.#now.get(id) ?? this.#read.get(id)
  }

  byKey(key: string): OrderDocument | undefined {
    const id = this.#idByKey.get(key)
    return id === undefined ? undefined : this.get(id)
  }

  put(id: string, order: OrderDocument): void {
    this.#now.set(id, order)
    for (const key of order.keys ?? []) this.#idByKey.set(key, id)
  }

  placed(): OrderDocument[] {
    return [...this.#now].filter(([id]) => !this.#read.has(id)).map(([, order]) => order)
  }

  changes(): OrderChange[] {
    return [...this.#now].flatMap(([id, after]) => {
      const before = this.#read.get(id)
      return before ? [{ from: before.status, steps: after.history.slice(before.history.length), after }] : []
    })
  }
}

/** The order as it was when it had come to this step. */
export function orderAsOf(order: OrderDocument, step: OrderStepDocument): OrderDocument {
  const history = order.history.slice(0, order.history.indexOf(step) + 1)
  return { ...order, status: step.status, history }
}
