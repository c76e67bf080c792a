import type { LoadResult, Loop } from './closed-loop.ts'
import { closedLoop } from './closed-loop.ts'
import type { OrderRequests } from './requests.ts'
import { requestPool } from './requests.ts'

export interface LoadJob extends Loop {
  readonly orders: OrderRequests
}

/** Orders from many connections. */
export async function generateLoad({ orders, ...loop }: LoadJob): Promise<LoadResult> {
  return closedLoop(requestPool(orders), loop)
}
