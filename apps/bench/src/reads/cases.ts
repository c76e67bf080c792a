import type { BenchDatabase, BenchShop } from '../database.ts'
import { AMPLE } from '../database.ts'
import type { Time } from '../measure.ts'
import { figure } from '../report/figures.ts'
import type { Case } from '../rounds.ts'
import type { Read } from './answers.ts'
import type { ReadContender } from './contenders.ts'
import type { ReadScenario } from './measure.ts'
import { measureReads } from './measure.ts'

export interface ReadsKey {
  readonly scenario: ReadScenario & { readonly products: number }
  readonly contender: ReadContender
}

export interface ReadsOptions extends Time {
  readonly contenders: readonly ReadContender[]
  readonly reads: readonly Read[]
  readonly products: readonly number[]
  readonly connections: number
  /** Orders placed a second meanwhile; 0 for none. */
  readonly orders: readonly number[]
}

/** Orders that a shop has from the start, to be read. */
const STORED = 5000

export function readsCases(options: ReadsOptions, shopOf: (products: number) => Promise<BenchShop>): Case<ReadsKey>[] {
  const { seconds, warmUpSeconds } = options
  return scenariosOf(options).flatMap((scenario) =>
    options.contenders
      .filter(
        (contender) => contender.reads.includes(scenario.read.name) && (scenario.orders === 0 || contender.orders),
      )
      .map((contender): Case<ReadsKey> => ({
        key: { scenario, contender },
        title: `${scenarioTitle(scenario)}: ${contender.title}`,
        run: async () =>
          measureReads(await shopOf(scenario.products), contender, { ...scenario, seconds, warmUpSeconds }),
      })),
  )
}

/** How many products there are is nothing to an order that is read. */
function scenariosOf({ reads, products, orders, connections }: ReadsOptions): ReadsKey['scenario'][] {
  return reads.flatMap((read) =>
    (read.name === 'order' ? products.slice(0, 1) : products).flatMap((count) =>
      orders.map((perSecond) => ({ read, products: count, orders: perSecond, connections })),
    ),
  )
}

/** A shop of each size for the whole run: reading leaves it as it is, and orders do not use it up. */
export function shopsBySize(mongo: BenchDatabase) {
  const opened = new AsyncDisposableStack()
  const shops = new Map<number, Promise<BenchShop>>()
  return {
    shopOf: (products: number): Promise<BenchShop> => {
      const known = shops.get(products) ?? open(products)
      shops.set(products, known)
      return known
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }

  async function open(products: number): Promise<BenchShop> {
    const shop = opened.use(await mongo.freshShop(Array<number>(products).fill(AMPLE)))
    await shop.fillOrders(STORED)
    return shop
  }
}

export function scenarioTitle({ read, products, orders }: ReadsKey['scenario']): string {
  const of = read.name === 'order' ? '' : ` of ${figure(products)} products`
  return `GET ${read.path}${of}${orders === 0 ? '' : `, ${figure(orders)} orders/s`}`
}
