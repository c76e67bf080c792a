import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:http'
import type { ProductDocument } from '../collections/products.ts'
import type { PlaceOrder } from '../domain/commands.ts'
import type { Lead } from './leads.ts'
import type { Outcome, Placed } from './placements.ts'
import { encodeCommands, messagesOf, PLACEMENTS_PATH } from './placements.ts'

/** The longest that the other process has: its own deadline for an order, and the way there and back. */
const TIMEOUT_MS = 6500

/** The other process has not taken the orders, so they had no effect. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken'
}

const agent = new Agent({ keepAlive: true })

export interface HandOver {
  readonly lead: Lead
  readonly commands: readonly PlaceOrder[]
  /** Told what the orders come to while they are being committed, if none is refused (see CallerOptions). */
  readonly onDecided: (decided: readonly Placed[]) => void
}

interface HandedOver {
  readonly outcomes: readonly Outcome[]
  /** The products that they changed, as they were left. */
  readonly products: readonly ProductDocument[]
}

/** Hands orders to the lead. Throws NotTaken, or any other error where it may have taken them. */
export async function handOver({ lead: { door, lost }, commands, onDecided }: HandOver): Promise<HandedOver> {
  const outgoing = request({ socketPath: door, agent, method: 'POST', path: PLACEMENTS_PATH, signal: lost })
  const timer = setTimeout(() => outgoing.destroy(), TIMEOUT_MS)
  outgoing.end(encodeCommands(commands))
  try {
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    if (incoming.statusCode !== 200) {
      incoming.resume()
      throw new NotTaken(`it answered ${incoming.statusCode}`)
    }
    return await read(incoming, onDecided)
  } catch (error) {
    const syscall = error instanceof Error && 'syscall' in error ? error.syscall : undefined
    throw syscall === 'connect' ? new NotTaken('it cannot be reached', { cause: error }) : error
  } finally {
    clearTimeout(timer)
  }
}

async function read(incoming: IncomingMessage, onDecided: HandOver['onDecided']): Promise<HandedOver> {
  const { socket } = incoming
  let decided: readonly Placed[] = []
  let handedOver: HandedOver | undefined
  let closing = false
  for await (const message of messagesOf(incoming)) {
    if ('decided' in message) onDecided((decided = message.decided))
    else {
      handedOver = { outcomes: message.outcomes ?? decided, products: message.products }
      closing = message.closing
    }
  }
  if (closing) socket.destroy()
  if (!handedOver) throw new Error('the answer broke off')
  return handedOver
}
