import type { OrderStatus } from '@stockroom/contracts'

/** Where an order can go from each status. A status with nowhere to go is an end. */
export const transitions: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  placed: ['paid', 'cancelled'],
  paid: ['fulfilled', 'cancelled', 'refunded'],
  fulfilled: ['refunded'],
  cancelled: [],
  refunded: [],
}

export function canMove(from: OrderStatus, to: OrderStatus): boolean {
  return transitions[from].includes(to)
}
