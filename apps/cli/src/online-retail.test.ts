import { describe, expect, test } from 'vitest'
import type { LogLine } from './online-retail.ts'
import { OnlineRetailLog, setAside } from './online-retail.ts'

function line(fields: Partial<LogLine> = {}): LogLine {
  return {
    InvoiceNo: '700001',
    StockCode: 'MUG',
    Description: 'BLUE MUG',
    Quantity: '2',
    UnitPrice: '3.25',
    CustomerID: '41007.0',
    ...fields,
  }
}

function logOf(...lines: Partial<LogLine>[]): OnlineRetailLog {
  const log = new OnlineRetailLog()
  for (const fields of lines) log.add(line(fields))
  return log
}

const productsOf = (...lines: Partial<LogLine>[]) => logOf(...lines).products(10)
const ordersOf = (...lines: Partial<LogLine>[]) =>
  logOf(...lines)
    .orders()
    .map(({ userId, units }) => ({ userId, units: [...units] }))

describe('what is a sale', () => {
  test.each([
    [{}, undefined],
    [{ UnitPrice: '0.001' }, undefined],
    [{ Quantity: '6.0' }, undefined],
    [{ InvoiceNo: 'C700001' }, 'cancellation'],
    [{ InvoiceNo: 'C700001', Quantity: '-2', UnitPrice: '0.0' }, 'cancellation'],
    [{ InvoiceNo: 'A700001' }, 'adjustment'],
    [{ InvoiceNo: 'A700001', Quantity: '-1', UnitPrice: '-9.99' }, 'adjustment'],
    [{ Quantity: '0' }, 'quantity'],
    [{ Quantity: '-4', UnitPrice: '0.0' }, 'quantity'],
    [{ Quantity: '1.5' }, 'quantity'],
    [{ Quantity: '' }, 'quantity'],
    [{ UnitPrice: '0.0' }, 'price'],
    [{ UnitPrice: '-5.00' }, 'price'],
    [{ UnitPrice: '' }, 'price'],
  ])('%o: %s', (fields, reason) => {
    expect(setAside(line(fields))).toBe(reason)
  })
})

describe('products', () => {
  test('there is one a code, trimmed, in order of first appearance', () => {
    expect(productsOf({ StockCode: 'B' }, { StockCode: ' A ' }, { StockCode: 'B ' }).map(({ sku }) => sku)).toEqual([
      'B',
      'A',
    ])
  })

  test('codes that differ only in case are different products', () => {
    expect(productsOf({ StockCode: 'mug-7' }, { StockCode: 'MUG-7' })).toHaveLength(2)
  })

  test('the name is the last description that is not blank, trimmed', () => {
    expect(productsOf({ Description: 'FIRST' }, { Description: ' SECOND ' }, { Description: '  ' })[0]?.name).toBe(
      'SECOND',
    )
  })

  test('without any description the name is the code', () => {
    expect(productsOf({ StockCode: 'NAIL', Description: '' })[0]?.name).toBe('NAIL')
  })

  test('the price is the last one, in pence, rounded half up', () => {
    const pence = (...prices: string[]) => productsOf(...prices.map((UnitPrice) => ({ UnitPrice })))[0]?.price.amount
    expect(productsOf({ UnitPrice: '2.55' })[0]?.price).toEqual({ amount: 255, currency: 'GBP' })
    expect(pence('9.99', '2.55')).toBe(255)
    expect(pence('22.335')).toBe(2234)
    expect(pence('22.334')).toBe(2233)
    expect(pence('0.001')).toBe(0)
  })

  test('each begins with the stock asked for', () => {
    expect(productsOf({})[0]?.quantity).toBe(10)
  })
})

describe('orders', () => {
  test('there is one an invoice, in order of first appearance, even where its lines stand apart', () => {
    const orders = ordersOf(
      { InvoiceNo: '2', CustomerID: '8.0' },
      { InvoiceNo: '1', CustomerID: '9.0' },
      { InvoiceNo: '2', StockCode: 'TRAY', CustomerID: '8.0' },
    )
    expect(orders).toEqual([
      {
        userId: '8',
        units: [
          [0, 2],
          [1, 2],
        ],
      },
      { userId: '9', units: [[0, 2]] },
    ])
  })

  test('lines of one code are merged', () => {
    expect(ordersOf({ Quantity: '2' }, { Quantity: '5', StockCode: ' MUG' })[0]?.units).toEqual([[0, 7]])
  })

  test('the user is the customer without .0, or guest', () => {
    expect(ordersOf({ CustomerID: '17850.0' })[0]?.userId).toBe('17850')
    expect(ordersOf({ CustomerID: '17850' })[0]?.userId).toBe('17850')
    expect(ordersOf({ CustomerID: '' })[0]?.userId).toBe('guest')
    expect(ordersOf({ CustomerID: ' ' })[0]?.userId).toBe('guest')
  })
})
