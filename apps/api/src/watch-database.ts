import type { Shop } from '@stockroom/server'
import type { Logger } from 'pino'

const LOOK_MS = 2000

/** Logs that the database stopped answering, and that it answers again: of that, callers alone are told. */
export function watchDatabase(shop: Shop, log: Logger): Disposable {
  let wasReady = true
  /** One look alone may fail because this process was too busy to ask. */
  let misses = 0
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
    misses = isReady ? 0 : misses + 1
    if (stopped || isReady === wasReady || misses === 1) return
    wasReady = isReady
    if (isReady) log.info('the database answers again')
    else
      log.warn(
        'the database does not answer as primary: requests that need it wait, and are then told BUSY, or OUTCOME_UNKNOWN where they may have been done',
      )
  }
}
