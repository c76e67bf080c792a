import { createServer } from 'node:http'
import { openShop } from '@stockroom/server'
import { serve } from '@stockroom/server/http'
import { onJob } from '../child.ts'
import type { ServerJob } from '../contenders.ts'
import { listen } from '../contenders/listen.ts'

export interface LiveServer {
  readonly url: string
  /** Where it says what it has used: see Usage. */
  readonly usageUrl: string
}

export interface Usage {
  /** Processor time, in ms. */
  readonly cpu: number
  /** Resident memory, in bytes. */
  readonly memory: number
}

onJob(async ({ uri, database }: ServerJob): Promise<LiveServer> => {
  const shop = await openShop({ uri, database })
  const { url } = await serve({ shop, port: 0 })
  const meter = createServer((_request, response) => {
    const { user, system } = process.cpuUsage()
    const usage: Usage = { cpu: (user + system) / 1000, memory: process.memoryUsage.rss() }
    response.end(JSON.stringify(usage))
  })
  return { url, usageUrl: await listen(meter) }
})
