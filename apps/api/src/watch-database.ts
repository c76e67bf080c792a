import type { Shop } from '@stockroom/server'
import type { Logger } from 'pino'

const LOOK_MS = 2000

/** Logs that the database stopped answering, and that it answers again: of that, callers alone are told, by BUSY. */
export function watchDatabase(shop: Shop, log: Logger): Disposable {
  let wasReady = true
  let stopped = false
  const timer = setInterval(() => void look(), LOOK_MS).unref()
  return {
    [Symbol.dispose]() {
      stopped = true
      clearInterval(timer)
    },
  }

  async function look(): Promise<void> {
    const isReady = await shop.isReady()
    if (stopped || isReady === wasReady) return
    wasReady = isReady
    if (isReady) log.info('the database answers again')
    else log.warn('the database does not answer as primary: requests that need it wait, and are then refused as BUSY')
  }
}
