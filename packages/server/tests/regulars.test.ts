import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Regulars } from '../src/domain/regulars.ts'
import { aProduct, testShop } from './_shop.ts'

describe('callers who order again as soon as they are answered', () => {
  test('are served together', async () => {
    await using shop = await testShop()
    const product = await shop.caller.products.create(aProduct({ quantity: 100 }))
    const commits = new Set<number>()
    const buy20 = async (userId: string): Promise<void> => {
      for (let bought = 0; bought < 20; bought++) {
        const order = await shop.caller.orders.create({ userId, productId: product.id, quantity: 1 })
        commits.add(order.createdAt.getTime())
      }
    }
    await Promise.all([buy20('ada'), buy20('bob'), buy20('cyd')])
    // A third of the orders, and a few commits until all have met; in halves it would be two thirds of them.
    expect(commits.size).toBeLessThan(30)
  })
})

describe('regulars', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('one alone waits for nobody, and many need not be waited for', () => {
    const regulars = new Regulars()
    expect([1, 2, 64, 65].map((callers) => regulars.areAwaited(callers))).toEqual([false, true, true, false])
  })

  test('are waited for until the last of them is back', async () => {
    const regulars = new Regulars()
    regulars.expect(3, 1)
    let begun = false
    const back = regulars.back(1).then(() => (begun = true))
    regulars.arrived(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(begun).toBe(false)
    regulars.arrived(3)
    await back
    expect(vi.getTimerCount()).toBe(0)
  })

  test('who stay away are waited for a few milliseconds, five times, and then not for a second', async () => {
    const regulars = new Regulars()
    for (let times = 0; times < 5; times++) {
      expect(regulars.areAwaited(2)).toBe(true)
      await stayAway(regulars)
    }
    expect(regulars.areAwaited(2)).toBe(false)
    vi.advanceTimersByTime(1000)
    expect(regulars.areAwaited(2)).toBe(true)
    await stayAway(regulars)
    expect(regulars.areAwaited(2)).toBe(true)
  })
})

async function stayAway(regulars: Regulars): Promise<void> {
  regulars.expect(2, 1)
  const back = regulars.back(0)
  vi.advanceTimersByTime(4)
  await back
}
