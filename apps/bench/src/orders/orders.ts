import type { BenchDatabase } from '../database.ts'
import type { Report } from '../report/report.ts'
import { inRounds } from '../rounds.ts'
import type { OrdersOptions } from './cases.ts'
import { ordersCases } from './cases.ts'
import { ordersReport } from './report.ts'

/** How many orders a second each contender places, and how long one takes. */
export async function orders(
  mongo: BenchDatabase,
  { rounds, ...options }: OrdersOptions & { readonly rounds: number },
  say: (line: string) => void,
): Promise<Report> {
  return ordersReport(await inRounds(ordersCases(mongo, options), { rounds, unit: 'orders/s' }, say))
}
