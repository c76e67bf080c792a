import type { BenchDatabase } from '../database.ts'
import type { Report } from '../report/report.ts'
import { inRounds } from '../rounds.ts'
import type { ReadsOptions } from './cases.ts'
import { readsCases, shopsBySize } from './cases.ts'
import { readsReport } from './report.ts'

/** How many answers a second each contender gives, alone and while orders are placed, and whether they are fresh. */
export async function reads(
  mongo: BenchDatabase,
  { rounds, ...options }: ReadsOptions & { readonly rounds: number },
  say: (line: string) => void,
): Promise<Report> {
  await using shops = shopsBySize(mongo)
  const rows = await inRounds(readsCases(options, shops.shopOf), { rounds, unit: 'reads/s' }, say)
  return readsReport(rows, options.connections)
}
