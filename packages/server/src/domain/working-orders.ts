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
  /** Not by id: nobody knows one before the batch is committed, so that nearly none is ever looked for. */
  readonly #placed: OrderDocument[] = []
  readonly #moved = new Map<string, OrderDocument>()
  readonly #byKey = new Map<string, OrderDocument>()

  constructor(orders: ReadonlyMap<string, OrderDocument>) {
    this.#read = orders
    for (const order of orders.values()) this.#keep(order)
  }

  get(id: string): OrderDocument | undefined {
    return this.#moved.get(id) ?? this.#read.get(id) ?? this.#placed[this.#placedAt(id)]
  }

  byKey(key: string): OrderDocument | undefined {
    return this.#byKey.get(key)
  }

  place(order: OrderDocument): void {
    this.#placed.push(order)
    this.#keep(order)
  }

  move(id: string, order: OrderDocument): void {
    if (this.#read.has(id)) this.#moved.set(id, order)
    else this.#placed[this.#placedAt(id)] = order
    this.#keep(order)
  }

  placed(): readonly OrderDocument[] {
    return this.#placed
  }

  changes(): OrderChange[] {
    return [...this.#moved].map(([id, after]) => {
      const before = this.#read.get(id)!
      return { from: before.status, steps: after.history.slice(before.history.length), after }
    })
  }

  #placedAt(id: string): number {
    return this.#placed.findIndex((order) => order._id.toHexString() === id)
  }

  #keep(order: OrderDocument): void {
    for (const key of order.keys ?? []) this.#byKey.set(key, order)
  }
}

/** The order as it was when it had come to this step. */
export function orderAsOf(order: OrderDocument, step: OrderStepDocument): OrderDocument {
  const history = order.history.slice(0, order.history.indexOf(step) + 1)
  return { ...order, status: step.status, history }
}
