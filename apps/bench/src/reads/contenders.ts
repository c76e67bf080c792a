import type { Contender, ServerJob } from '../contenders.ts'
import { rest, trpc } from '../contenders.ts'
import type { Read } from './answers.ts'

export interface ReadServerJob extends ServerJob {
  /** All that will be asked for. */
  readonly paths: readonly string[]
}

/** One way of answering reads over HTTP. */
export interface ReadContender extends Contender {
  readonly reads: readonly Read['name'][]
  /**
   * Who places the orders while it is read: itself, or a Stockroom process beside it, for one that reads what others
   * have written. Without it there are none, for it would show them to nobody.
   */
  readonly orders?: 'itself' | 'beside'
  /** It sends the same bytes for ever, and is measured beside orders for what they leave of the machine. */
  readonly fixed?: true
}

const all = ['list', 'product', 'order'] as const

export const readContenders: readonly ReadContender[] = [
  { ...rest, reads: all, orders: 'itself' },
  { ...trpc, reads: all, orders: 'itself' },
  {
    name: 'plain-trpc',
    title: 'tRPC behind Express, superjson',
    module: new URL('../contenders/plain-trpc.ts', import.meta.url),
    door: 'trpc',
    reads: all,
  },
  {
    name: 'express-memory',
    title: 'Express: res.json from memory',
    module: new URL('../contenders/express-memory.ts', import.meta.url),
    door: 'rest',
    reads: ['list', 'product'],
  },
  {
    name: 'express-database',
    title: 'Express: find or findOne, res.json',
    module: new URL('../contenders/express-database.ts', import.meta.url),
    door: 'rest',
    reads: all,
    orders: 'beside',
  },
  {
    name: 'bare',
    title: 'bare node:http, the same bytes',
    module: new URL('../contenders/bare.ts', import.meta.url),
    door: 'rest',
    reads: all,
    orders: 'beside',
    fixed: true,
  },
]
