import { onJob } from '../child.ts'
import type { Loop } from './closed-loop.ts'
import { closedLoop } from './closed-loop.ts'
import type { OrderRequests } from './requests.ts'
import { requestPool } from './requests.ts'

export interface LoadJob extends Loop {
  readonly orders: OrderRequests
}

/** Orders from many connections. */
onJob(({ orders, ...loop }: LoadJob) => closedLoop(requestPool(orders), loop))
