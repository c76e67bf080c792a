import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Shop } from '@stockroom/server'
import { openShop } from '@stockroom/server'
import { createFront } from '@stockroom/server/http'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { z } from 'zod'
import { leanHandler } from '../src/http/rpc-lean.ts'
import { rpcOptions } from '../src/http/rpc.ts'
import { procedure, router } from '../src/trpc.ts'

/** A server to measure, until its parent disconnects. Says its address, and its processor time when asked. */
const [kind, uri = ''] = process.argv.slice(2)
await using cleanup = new AsyncDisposableStack()
const server = createServer(await listener())
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send!(user + system)
})
process.send!(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
await once(process, 'disconnect')
server.close()
server.closeAllConnections()

async function listener() {
  if (kind === 'shop') return createFront({ shop: cleanup.use(await openShop({ uri, database: 'measured' })) })
  const echo = procedure.input(z.strictObject({ quantity: z.int() })).mutation(({ input }) => input)
  const nothing = procedure.mutation(() => {})
  const options = {
    ...rpcOptions({ shop: {} as Shop, onError: () => {} }),
    router: router({ echo, nothing }),
    maxBodySize: 1024 * 1024,
  }
  return leanHandler({ ...options, headOf: () => [] }, createHTTPHandler(options))
}
