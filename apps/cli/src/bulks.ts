import type { Outputs } from '@stockroom/client'
import type { CreateProduct } from '@stockroom/contracts'
import { MAX_BULK_ROWS } from '@stockroom/contracts'

/** The server takes 8 MiB in one bulk call: half of that leaves room for what wraps the rows. */
const MAX_BULK_BYTES = 4 * 1024 * 1024

/** Cuts products into what one bulk call takes: 1,000 rows, or fewer long ones. */
export async function* inBulks(products: AsyncIterable<CreateProduct> | Iterable<CreateProduct>) {
  let rows: CreateProduct[] = []
  let bytes = 0
  for await (const product of products) {
    const more = Buffer.byteLength(JSON.stringify(product))
    if (rows.length === MAX_BULK_ROWS || (rows.length > 0 && bytes + more > MAX_BULK_BYTES)) {
      yield rows
      rows = []
      bytes = 0
    }
    rows.push(product)
    bytes += more
  }
  if (rows.length > 0) yield rows
}

export type UpsertResult = Outputs['products']['upsertMany']['results'][number]

/** How many products came to be, changed, and were as they are already. */
export function countOutcomes(results: readonly UpsertResult[]): Record<UpsertResult['outcome'], number> {
  const counts = { created: 0, updated: 0, unchanged: 0 }
  for (const { outcome } of results) counts[outcome]++
  return counts
}
