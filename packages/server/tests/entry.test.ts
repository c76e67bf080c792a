import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Entry } from '../src/domain/entry.ts'
import { ShopError } from '../src/domain/errors.ts'

const command = { kind: 'setQuantity', movementId: undefined as never, productId: '', quantity: 0 } as const

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A command at the desk, and what its caller was told, in order. */
function anEntry(since?: number) {
  const told: unknown[] = []
  const entry = new Entry(command, {
    since,
    resolve: (result) => told.push(result),
    reject: (error) => told.push((error as ShopError).code),
  })
  expect(entry.isWanted()).toBe(true)
  return { entry, told }
}

/** One that is in a batch, whose commit has not gone out. */
function aSentEntry() {
  const progress = { commitSent: false }
  const { entry, told } = anEntry()
  entry.send(progress)
  return { entry, told, progress }
}

test('a caller who has waited elsewhere waits the rest of the time here, and no more', () => {
  const { told: anew } = anEntry()
  const { told: before } = anEntry(performance.now() - 4950)
  vi.advanceTimersByTime(49)
  expect(before).toEqual([])
  vi.advanceTimersByTime(2)
  expect([before, anew]).toEqual([['BUSY'], []])
})

describe('a caller who has waited for five seconds', () => {
  test('is told BUSY where the command was never sent', () => {
    const { entry, told } = anEntry()
    vi.advanceTimersByTime(5000)
    expect(told).toEqual(['BUSY'])
    expect(entry.isWanted()).toBe(false)
  })

  test('is told BUSY by the end of an attempt in which no commit went out', () => {
    const { entry, told } = aSentEntry()
    vi.advanceTimersByTime(5500)
    expect(told).toEqual([])
    expect(entry.isWanted()).toBe(false)
    expect(told).toEqual(['BUSY'])
  })

  test('is told OUTCOME_UNKNOWN a second later where that attempt has no end', () => {
    const { told } = aSentEntry()
    vi.advanceTimersByTime(5999)
    expect(told).toEqual([])
    vi.advanceTimersByTime(1)
    expect(told).toEqual(['OUTCOME_UNKNOWN'])
  })

  test('is told OUTCOME_UNKNOWN where a commit may have gone out, and not BUSY after it', () => {
    const { entry, told, progress } = aSentEntry()
    progress.commitSent = true
    vi.advanceTimersByTime(5000)
    expect(told).toEqual(['OUTCOME_UNKNOWN'])
    expect(entry.isWanted()).toBe(false)
  })

  test('is told once, whatever comes then', () => {
    const { entry, told } = anEntry()
    vi.advanceTimersByTime(5000)
    entry.answer(new ShopError('INTERNAL', {}))
    vi.advanceTimersByTime(5000)
    expect(told).toEqual(['BUSY'])
  })
})

test('a late caller whose commit went out is told its outcome if that comes in time', () => {
  const { entry, told, progress } = aSentEntry()
  vi.advanceTimersByTime(5500)
  progress.commitSent = true
  expect(entry.isWanted()).toBe(true)
  entry.answer(new ShopError('PRODUCT_NOT_FOUND', { productIds: [] }))
  vi.advanceTimersByTime(5000)
  expect(told).toEqual(['PRODUCT_NOT_FOUND'])
})
