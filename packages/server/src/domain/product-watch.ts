import { setTimeout as wait } from 'node:timers/promises'
import type { Product, ProductEvent, WatchProducts } from '@stockroom/contracts'
import { MAX_WATCHED } from '@stockroom/contracts'
import type { Collections } from '../collections/collections.ts'
import type { Shop } from '../shop.ts'
import type { Catalogue } from './catalogue.ts'
import { isShopError, reading } from './errors.ts'
import { parseId } from './ids.ts'
import { latest } from './latest.ts'
import { openProductNews } from './product-news.ts'
import { showProducts } from './shown-products.ts'
import type { Watches } from './watches.ts'

/** Which products a watch shows, and what they are now. */
interface Selection {
  readonly ids?: readonly string[]
  readonly belongs: (product: Product) => boolean
  readonly read: () => Promise<ProductEvent[]>
}

/** How long to leave a database alone that has just failed. */
const PAUSE_MS = 250

export function openProductWatch(
  { products }: Collections,
  catalogue: Catalogue,
  watches: Watches,
): Shop['products']['watch'] {
  const news = openProductNews(catalogue)

  return async (input, signal) => watches.open((ended) => follow(selectionOf(input), ended), signal)

  async function* follow({ ids, belongs, read }: Selection, ended: AbortSignal): AsyncGenerator<ProductEvent, void> {
    const queue = latest<ProductEvent>()
    const shown = showProducts(belongs, (event) => queue.put(event.id, event))
    const leave = news.watch(ids, shown.change)
    try {
      shown.begin(await untilAnswered(read, ended))
      yield* queue.read(ended)
    } finally {
      leave()
    }
  }

  function selectionOf({ ids, category }: WatchProducts): Selection {
    if (ids) return ofIds([...new Set(ids.map((id) => parseId(id)?.toHexString() ?? id))])
    if (category !== undefined) return ofCategory(category)
    return {
      belongs: () => true,
      read: async () => (await catalogue.first(MAX_WATCHED)).slice(0, MAX_WATCHED).map(news.eventOf),
    }
  }

  function ofIds(ids: readonly string[]): Selection {
    return {
      ids,
      belongs: () => true,
      read: () =>
        Promise.all(
          ids.map(async (id) => {
            const _id = parseId(id)
            const product = _id && (await catalogue.byId(_id))
            return product ? news.eventOf(product) : { id, product: null }
          }),
        ),
    }
  }

  function ofCategory(category: string): Selection {
    return {
      belongs: (product) => product.category === category,
      async read() {
        const found = await reading(() =>
          products.find({ category }, { maxTimeMS: 5000 }).sort({ _id: 1 }).limit(MAX_WATCHED).toArray(),
        )
        return found.map(news.eventOf)
      },
    }
  }
}

/** A watch outlives what passes by itself: its reader would only begin again. */
async function untilAnswered<Value>(read: () => Promise<Value>, ended: AbortSignal): Promise<Value> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!isShopError(error, 'BUSY')) throw error
      await wait(PAUSE_MS, undefined, { signal: ended })
    }
  }
}
