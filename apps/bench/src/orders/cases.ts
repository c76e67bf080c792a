import type { Contender } from '../contenders.ts'
import type { BenchDatabase } from '../database.ts'
import type { Scenario, Time } from '../measure.ts'
import { measure, measureDatabase } from '../measure.ts'
import type { Case } from '../rounds.ts'

/** A contender in a scenario, or the database alone with so many orders in a transaction. */
export type OrdersKey =
  | { readonly kind: 'server'; readonly scenario: Scenario; readonly contender: Contender }
  | { readonly kind: 'database'; readonly products: number; readonly batch: number }

export interface OrdersOptions extends Time {
  readonly contenders: readonly Contender[]
  readonly products: readonly number[]
  readonly connections: readonly number[]
  /** 1, 2, and 4 for one hot product, unless given. */
  readonly processes?: readonly number[]
  /** Orders in a transaction of the database alone. */
  readonly batches: readonly number[]
}

export function ordersCases(mongo: BenchDatabase, options: OrdersOptions): Case<OrdersKey>[] {
  const { seconds, warmUpSeconds, contenders, products, batches } = options
  const servers = scenariosOf(options).flatMap((scenario) =>
    contenders.map((contender): Case<OrdersKey> => ({
      key: { kind: 'server', scenario, contender },
      title: `${scenarioTitle(scenario)}: ${contender.title}`,
      run: () => measure(mongo, contender, { ...scenario, seconds, warmUpSeconds }),
    })),
  )
  const ceilings = products.flatMap((count) =>
    batches.map((batch): Case<OrdersKey> => ({
      key: { kind: 'database', products: count, batch },
      title: `${productsTitle(count)}: ${databaseTitle(batch)}`,
      run: () => measureDatabase(mongo, { products: count, batch, seconds, warmUpSeconds }),
    })),
  )
  return [...servers, ...ceilings]
}

/** One connection keeps one process busy: with more of them there is nothing to see. */
function scenariosOf({ products, connections, processes }: OrdersOptions): Scenario[] {
  return products.flatMap((count) =>
    (processes ?? (count === 1 ? [1, 2, 4] : [1, 2])).flatMap((processes) =>
      connections
        .filter((connections) => connections >= processes)
        .map((connections) => ({ products: count, connections, processes })),
    ),
  )
}

export const productsTitle = (count: number): string => (count === 1 ? 'one hot product' : `${count} products`)

export const databaseTitle = (batch: number): string => `database alone, ${batch} orders a transaction`

export function scenarioTitle({ products, connections, processes }: Scenario): string {
  const servers = processes === 1 ? '1 process' : `${processes} processes`
  return `${productsTitle(products)}, ${connections === 1 ? '1 connection' : `${connections} connections`}, ${servers}`
}
