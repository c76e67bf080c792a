import { Agent } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Attempt, HistoryWriter, Input, Outcome } from './history.ts'
import type { Random } from './random.ts'
import { randomOf } from './random.ts'
import type { ServerProcess } from './server-process.ts'
import { ask } from './shop-call.ts'
import type { Market, Mix } from './workload.ts'
import { nextInput, remember } from './workload.ts'

export interface ClientsOptions {
  readonly seed: number
  readonly clients: number
  /** Each client rests up to this long between two operations. */
  readonly restMs: number
  readonly mix: Mix
  readonly products: readonly string[]
  readonly servers: readonly ServerProcess[]
  readonly history: HistoryWriter
}

export interface Clients extends AsyncDisposable {
  /** Resolves when the next order is acknowledged, or after a while without one. */
  nextOrder(): Promise<void>
  /**
   * Repeats, once and past the proxies, every operation whose outcome is not known. For when nothing is being broken:
   * what is still unknown then is a violation.
   */
  resolveUnknown(): Promise<void>
  /**
   * Repeats what was unknown and then refused. A refusal speaks for its own attempt: an earlier one that was lost on its
   * way may still have stood in another server's queue, and have found units that came in meanwhile. So this waits
   * until no server can have anything left of it, and asks for the last time.
   */
  resolveDoubted(): Promise<void>
  /** Ends when each client has finished what it is doing. */
  stop(): Promise<void>
}

interface Operation {
  readonly id: number
  readonly process: number
  readonly input: Input
  readonly key?: string
  attempts: number
  unknown: boolean
}

/** In a storm a client asks so often, then leaves the operation for a calm moment and goes on. */
const STORM_ATTEMPTS = 3
const RESOLVED_AT_ONCE = 16
/** BUSY is no outcome: the shop says that it has done nothing, and asks to be asked again. */
const BUSY_FOR_MS = 15_000
const NEXT_ORDER_WITHIN_MS = 10_000
/** Longer than any request waits in a server's queue. */
const FORGOTTEN_AFTER_MS = 7000

export function startClients({ servers, history, ...options }: ClientsOptions): Clients {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 })
  const market: Market = { products: options.products, orders: [] }
  const unknown: Operation[] = []
  const doubted: Operation[] = []
  let operations = 0
  const stopping = new AbortController()
  let placed = Promise.withResolvers<void>()
  const running = Array.from({ length: options.clients }, (_, process) => run(process))

  return {
    nextOrder: () => Promise.race([placed.promise, wait(NEXT_ORDER_WITHIN_MS, undefined, { ref: false })]),
    resolveUnknown: () => repeatAll(unknown.splice(0)),
    async resolveDoubted() {
      if (doubted.length > 0) await wait(FORGOTTEN_AFTER_MS)
      await repeatAll(doubted.splice(0))
    },
    async stop() {
      stopping.abort()
      await Promise.all(running)
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      agent.destroy()
      await Promise.all(running)
    },
  }

  async function run(process: number): Promise<void> {
    const random = randomOf(options.seed, 100 + process)
    while (!stopping.signal.aborted) {
      const id = operations++
      const input = nextInput(random, options.mix, { market, operation: id })
      // Setting an absolute quantity takes no key: it may be sent twice without harm, and is not repeated here.
      const key = input.kind === 'set' ? {} : { key: `torture-${options.seed}-${id}` }
      await perform({ id, process, input, ...key, attempts: 0, unknown: false }, random)
      await wait(random.between(0, options.restMs))
    }
  }

  async function perform(operation: Operation, random: Random): Promise<void> {
    for (let tries = 0; tries < STORM_ATTEMPTS && !stopping.signal.aborted; tries++) {
      const outcome = await attempt(operation, { server: random.between(0, servers.length - 1), calm: false })
      if (operation.key === undefined || isFinal(operation, outcome)) return
      await wait(random.between(10, 200))
    }
    // Refused as BUSY each time and never unknown: given up, and without effect.
    if (operation.unknown) unknown.push(operation)
  }

  /** Whether the client is done with it for now. */
  function isFinal(operation: Operation, { type, code }: Outcome): boolean {
    const refused = type === 'fail' && code !== 'BUSY'
    if (refused && operation.unknown) doubted.push(operation)
    return type === 'ok' || refused
  }

  async function repeatAll(operations: Operation[]): Promise<void> {
    const workers = Array.from({ length: RESOLVED_AT_ONCE }, async (_, index) => {
      const server = index % servers.length
      for (let next = operations.shift(); next; next = operations.shift()) await repeatInCalm(next, server)
    })
    await Promise.all(workers)
  }

  async function repeatInCalm(operation: Operation, server: number): Promise<void> {
    const deadline = Date.now() + BUSY_FOR_MS
    for (;;) {
      const outcome = await attempt(operation, { server, calm: true })
      if (isFinal(operation, outcome) || outcome.type !== 'fail' || Date.now() > deadline) return
      await wait(200)
    }
  }

  async function attempt(operation: Operation, { server, calm }: Pick<Attempt, 'server' | 'calm'>): Promise<Outcome> {
    const { id, process, input, key } = operation
    const about = { operation: id, attempt: operation.attempts++, process, server, calm }
    history.write({ type: 'invoke', ...about, ...(key !== undefined && { key }), input })
    const { proxy, port } = servers[server]!
    const asked = { input, operation: id, ...(key !== undefined && { key }) }
    const outcome = await ask(asked, { agent, port: calm ? port : proxy.port })
    history.write({ ...outcome, ...about })
    if (outcome.type === 'info' || outcome.type === 'broken') operation.unknown = true
    if (outcome.answer && 'order' in outcome.answer && input.kind === 'place') {
      remember(market, outcome.answer.order)
      placed.resolve()
      placed = Promise.withResolvers()
    }
    return outcome
  }
}
