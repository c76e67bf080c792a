/** What a server process is told: the shop that it serves, which exists. It answers with its address. */
export interface ServerJob {
  readonly uri: string
  readonly database: string
}

/** One way of placing orders over HTTP. */
export interface Contender {
  readonly name: string
  readonly title: string
  /** The module of its server process. */
  readonly module: URL
  readonly door: 'rest' | 'trpc'
}

const stockroom = new URL('contenders/stockroom.ts', import.meta.url)

export const rest: Contender = { name: 'rest', title: 'Stockroom, REST', module: stockroom, door: 'rest' }

export const trpc: Contender = { name: 'trpc', title: 'Stockroom, tRPC', module: stockroom, door: 'trpc' }

export const contenders: readonly Contender[] = [
  rest,
  trpc,
  {
    name: 'read-check',
    title: 'Express: read, check, insert, decrement',
    module: new URL('contenders/read-check.ts', import.meta.url),
    door: 'rest',
  },
  {
    name: 'transaction',
    title: 'Express: one transaction per order',
    module: new URL('contenders/transaction.ts', import.meta.url),
    door: 'rest',
  },
]

/** The module that measures the database without a server. */
export const database = new URL('contenders/database.ts', import.meta.url)
