import type { Shop } from './shop.ts'

/** What every procedure is given. Nothing of HTTP or MongoDB: the client's types follow these imports. */
export interface Context {
  readonly shop: Shop
}
