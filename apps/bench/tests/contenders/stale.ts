import { openShop } from '@stockroom/server'
import { serve } from '@stockroom/server/http'
import { onJob } from '../../src/child.ts'
import type { ServerJob } from '../../src/contenders.ts'

const KEPT_MS = 50

/** Stockroom, but for a list that is kept for a while, whatever is sold. */
onJob(async ({ uri, database }: ServerJob) => {
  const shop = await openShop({ uri, database })
  let kept = shop.products.list({})
  setInterval(() => void (kept = shop.products.list({})), KEPT_MS)
  const { url } = await serve({ shop: { ...shop, products: { ...shop.products, list: () => kept } }, port: 0 })
  return url
})
