import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { PlaceOrder } from '../domain/commands.ts'
import type { Lead } from './leads.ts'
import type { PlacementsAnswer } from './placements.ts'
import { decodeAnswer, encodeCommands, PLACEMENTS_PATH } from './placements.ts'

/** The longest that the other process has: its own deadline for an order, and the way there and back. */
const TIMEOUT_MS = 6500

/** The other process has not taken the orders, so they had no effect. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken'
}

const agent = new Agent({ keepAlive: true })

/** Hands orders to the lead. Throws NotTaken, or any other error where it may have taken them. */
export async function handOver({ door, lost }: Lead, commands: readonly PlaceOrder[]): Promise<PlacementsAnswer> {
  const outgoing = request({ socketPath: door, agent, method: 'POST', path: PLACEMENTS_PATH, signal: lost })
  const timer = setTimeout(() => outgoing.destroy(), TIMEOUT_MS)
  outgoing.end(encodeCommands(commands))
  try {
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    const body = await buffer(incoming)
    if (incoming.statusCode !== 200) throw new NotTaken(`it answered ${incoming.statusCode}`)
    return decodeAnswer(body)
  } catch (error) {
    const syscall = error instanceof Error && 'syscall' in error ? error.syscall : undefined
    throw syscall === 'connect' ? new NotTaken('it cannot be reached', { cause: error }) : error
  } finally {
    clearTimeout(timer)
  }
}
