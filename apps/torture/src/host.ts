import { once } from 'node:events'
import { openShop } from '@stockroom/server'
import { serve } from '@stockroom/server/http'

/**
 * One server of a torture run, as a process of its own: `host.ts <uri> <database>`. It says its address on stdout, ends
 * cleanly on SIGTERM, and at once when its input ends, which is when whoever started it is gone.
 */
const [uri = '', database = ''] = process.argv.slice(2)
process.stdin.on('end', () => process.exit(1)).resume()
const asked = once(process, 'SIGTERM')

{
  await using shop = await openShop({ uri, database })
  await using server = await serve({
    shop,
    port: 0,
    onError: (error, requestId) =>
      process.stderr.write(`${requestId} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`),
  })
  process.stdout.write(`${server.url}\n`)
  await asked
}
process.exit(0)
