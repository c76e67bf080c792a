import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { ProductDocument } from '../collections/products.ts'
import type { PlaceOrder } from '../domain/commands.ts'
import type { CallerOptions } from '../domain/entry.ts'
import type { Placed } from './placements.ts'
import { decodeCommands, encodeAnswer, encodeDecided, PLACEMENTS_PATH, refused } from './placements.ts'

/** Where the other processes of this host and user hand over orders: a socket in a folder that nobody else can enter. */
export interface Door extends AsyncDisposable {
  readonly path: string
  /** Called after a commit, before its callers are answered, with the products as it left them. */
  readonly committed: (products: readonly ProductDocument[]) => void
}

/** An order waits for its outcome six seconds at the most. */
const HARD_STOP_MS = 7000

type Place = (command: PlaceOrder, caller: CallerOptions<PlaceOrder>) => Promise<Placed>

/** `place` commits an order here, whoever else wants its products. Undefined where the host has no place for a socket. */
export async function openDoor(place: Place): Promise<Door | undefined> {
  /** Of each request that is being served: the products that its orders name, as the last commit left them. */
  const served = new Set<Map<string, ProductDocument | undefined>>()
  // A server that closes a connection for being idle could do so while orders are on their way on it.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  const path = await listen(server)
  if (path === undefined) return undefined

  return {
    path,
    committed(products) {
      for (const wanted of served) {
        for (const product of products) {
          const id = product._id.toHexString()
          if (wanted.has(id)) wanted.set(id, product)
        }
      }
    },
    async [Symbol.asyncDispose]() {
      // All that was taken is answered by then; a process that stands still may never read it.
      const hardStop = setTimeout(() => server.closeAllConnections(), HARD_STOP_MS)
      server.close()
      server.closeIdleConnections()
      await once(server, 'close')
      clearTimeout(hardStop)
    },
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    if (request.url !== PLACEMENTS_PATH) return void response.writeHead(404, { connection: 'close' }).end()
    const commands = decodeCommands(body)
    const wanted = new Map<string, ProductDocument | undefined>()
    for (const { lines } of commands) for (const { productId } of lines) wanted.set(productId, undefined)
    served.add(wanted)
    let told: readonly Placed[] | undefined
    const settled = await placeAll(commands, (decided) => {
      told = decided
      response.write(encodeDecided(decided))
    })
    served.delete(wanted)
    const outcomes = settled.map((result) => (result.status === 'fulfilled' ? result.value : refused(result.reason)))
    const isAsTold = told !== undefined && outcomes.every((outcome, index) => outcome === told![index])
    const products = [...wanted.values()].filter((product) => product !== undefined)
    // A connection that is kept would hold the door open.
    const closing = !server.listening
    response.end(encodeAnswer({ ...(!isAsTold && { outcomes }), products, closing }))
  }

  /** `onDecided` is told once what they come to, if none is refused. */
  function placeAll(commands: readonly PlaceOrder[], onDecided: (decided: readonly Placed[]) => void) {
    const decided = new Map<PlaceOrder, Placed>()
    let isTold = false
    const placed = commands.map((command) =>
      place(command, {
        onDecided(result) {
          decided.set(command, result)
          if (isTold || decided.size < commands.length) return
          isTold = true
          onDecided(commands.map((each) => decided.get(each)!))
        },
      }),
    )
    return Promise.allSettled(placed)
  }
}

/** Not on Windows, where sockets are no files, nor where the path of the folder is too long for one. */
async function listen(server: Server): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'stockroom-')).catch(() => undefined)
  if (folder === undefined) return undefined
  folders.add(folder)
  server.once('close', () => remove(folder))
  try {
    server.listen(join(folder, 'desk')).unref()
    await once(server, 'listening')
    return join(folder, 'desk')
  } catch {
    remove(folder)
    return undefined
  }
}

/** Of doors that are open, for a process that ends without closing them. */
const folders = new Set<string>()
process.once('exit', () => folders.forEach(remove))

function remove(folder: string): void {
  folders.delete(folder)
  rmSync(folder, { recursive: true, force: true })
}
