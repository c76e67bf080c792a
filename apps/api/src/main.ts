import { once } from 'node:events'
import { serve } from '@stockroom/server/http'
import { openShop } from '@stockroom/server'
import pino from 'pino'
import { readConfig } from './config.ts'
import { openDatabase } from './database.ts'
import { explain } from './explain.ts'
import { fillEmptyShop } from './sample-catalogue.ts'
import { watchDatabase } from './watch-database.ts'
import { welcome } from './welcome.ts'

try {
  await run()
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exitCode = 1
}

/** Opens in this order and closes in the reverse: the doors first, the embedded database last. */
async function run(): Promise<void> {
  const config = readConfig(process.env)
  const log = pino({ level: config.LOG_LEVEL }, pino.destination(2))
  const asked = askedToStop()

  await using database = await openDatabase(config, log)
  if (asked.aborted) return
  await using shop = await openShop({ uri: database.uri, database: config.MONGODB_DATABASE })
  if (asked.aborted) return
  const samples = config.SAMPLE_CATALOGUE === 'on' ? await fillEmptyShop(shop) : 0
  await using server = await serve({
    shop,
    port: config.PORT,
    host: config.HOST,
    corsOrigins: config.CORS_ORIGINS,
    onError: (error, requestId) => log.error({ err: error, requestId }, 'a request failed'),
    ...(log.isLevelEnabled('debug') && { onAnswer: (answered) => log.debug(answered, 'answered') }),
  })
  process.stdout.write(
    `${welcome({ url: server.url.replace('//127.0.0.1:', '//localhost:'), data: database.place, samples })}\n`,
  )
  using _watch = watchDatabase(shop, log)
  if (!asked.aborted) await once(asked, 'abort')
  log.info('stopping')
}

/** Aborts on the first SIGTERM or SIGINT; the next one ends the process at once. */
function askedToStop(): AbortSignal {
  const asked = new AbortController()
  const ask = (): void => {
    process.off('SIGTERM', ask).off('SIGINT', ask)
    asked.abort()
  }
  process.on('SIGTERM', ask).on('SIGINT', ask)
  return asked.signal
}
