import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Regulars } from '../src/domain/regulars.ts'
import { aProduct, testShop } from './_shop.ts'

describe('callers who order again as soon as they are answered', () => {
  test('are served together', async () => {
    const bought = await buy({ callers: 3, each: 20 })
    // A third of the orders, and a few commits until all have met; in halves it would be two thirds of them.
    expect(new Set(bought.flat()).size).toBeLessThan(30)
  })

  test('miss no batch that begins after they are answered, where they are many', async () => {
    const bought = await buy({ callers: 500, each: 10 })
    const commits = [...new Set(bought.flat())].toSorted((a, b) => a - b)
    const waits = bought.flatMap((times) => {
      const batches = times.map((time) => commits.indexOf(time))
      return batches.slice(1).map((batch, index) => batch - batches[index]!)
    })
    // One is committed while they are answered, and the last of them may come just after the next has begun.
    expect(Math.max(...waits)).toBeLessThanOrEqual(3)
  })
})

/** When the orders of each caller were committed. */
async function buy({ callers, each }: { callers: number; each: number }): Promise<number[][]> {
  await using shop = await testShop()
  const product = await shop.caller.products.create(aProduct({ quantity: callers * each }))
  return await Promise.all(
    Array.from({ length: callers }, async (_, index) => {
      const times: number[] = []
      while (times.length < each) {
        const order = await shop.caller.orders.create({ userId: `user-${index}`, productId: product.id, quantity: 1 })
        times.push(order.createdAt.getTime())
      }
      return times
    }),
  )
}

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
