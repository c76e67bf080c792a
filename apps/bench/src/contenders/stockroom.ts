import { openShop } from '@stockroom/server'
import { serve } from '@stockroom/server/http'
import { onJob } from '../child.ts'
import type { ServerJob } from '../contenders.ts'

onJob(async ({ uri, database }: ServerJob) => {
  const shop = await openShop({ uri, database })
  const { url } = await serve({ shop, port: 0 })
  return url
})
