import { inject } from 'vitest'
import type { CreateProduct } from '@stockroom/contracts'
import type { TestShop, TestShopOptions } from '@stockroom/server/testing'
import { testShop as openTestShop } from '@stockroom/server/testing'

/** A shop in a fresh database of the run's own MongoDB. */
export function testShop(options: TestShopOptions = {}): Promise<TestShop> {
  return openTestShop({ uri: inject('mongoUri'), ...options })
}

let count = 0

/** A product to create: a fresh SKU, 10.00 EUR, stock 100, unless said otherwise. */
export function aProduct(fields: Partial<CreateProduct> = {}): CreateProduct {
  count++
  return {
    sku: `SKU-${count}`,
    name: `Product ${count}`,
    price: { amount: 1000, currency: 'EUR' },
    quantity: 100,
    ...fields,
  }
}
