import type { Collection, CollectionInfo, Db, Document, IndexDescription } from 'mongodb'
import { MongoServerError } from 'mongodb'
import type { MovementDocument } from './movements.ts'
import { movementIndexes, movementsName, movementValidator } from './movements.ts'
import { ShopSetupError } from '../setup-error.ts'
import type { OrderDocument } from './orders.ts'
import { orderIndexes, ordersName, orderValidator } from './orders.ts'
import type { ProductDocument } from './products.ts'
import { productIndexes, productsName, productValidator } from './products.ts'

export interface Collections {
  readonly products: Collection<ProductDocument>
  readonly orders: Collection<OrderDocument>
  readonly movements: Collection<MovementDocument>
}

export function collectionsOf(db: Db): Collections {
  return {
    products: db.collection(productsName),
    orders: db.collection(ordersName),
    movements: db.collection(movementsName),
  }
}

/**
 * Makes every collection, validator and index be as this version says. Throws where one cannot be, for instance on
 * an index of another shape, or data that an index refuses: a shop without its guards does not open.
 */
export async function ensureCollections(db: Db): Promise<void> {
  const existing = await db.listCollections<CollectionInfo>().toArray()
  const infoOf = (name: string) => existing.find((info) => info.name === name)
  // Of all, before the first is changed: a validator would keep another application from its own data.
  for (const { name, validator } of shapes) {
    const info = infoOf(name)
    if (info && !isGuarded(info, validator)) await assertOurs(db, name, validator)
  }
  await Promise.all(shapes.map((shape) => ensure(db, infoOf(shape.name), shape)))
}

interface Shape {
  name: string
  validator: Document
  indexes: IndexDescription[]
}

const shapes: readonly Shape[] = [
  { name: productsName, validator: productValidator, indexes: productIndexes },
  { name: ordersName, validator: orderValidator, indexes: orderIndexes },
  { name: movementsName, validator: movementValidator, indexes: movementIndexes },
]

async function assertOurs(db: Db, name: string, validator: Document): Promise<void> {
  const other = await db.collection(name).findOne({ $nor: [validator] }, { projection: { _id: 1 } })
  if (!other) return
  throw new ShopSetupError(
    `The collection "${name}" of the database "${db.databaseName}" holds what is not of this shop, for instance ${JSON.stringify(other._id)}. Name another database, over MONGODB_DATABASE or \`database\`; nothing was changed in this one.`,
  )
}

async function ensure(
  db: Db,
  existing: CollectionInfo | undefined,
  { name, validator, indexes }: Shape,
): Promise<void> {
  if (!existing) await create(db, name, validator)
  // collMod waits for all transactions on the collection and fails new ones: only where something changes.
  else if (!isGuarded(existing, validator)) {
    await db.command({ collMod: name, validator, validationLevel: 'strict', validationAction: 'error' })
  }
  await db.collection(name).createIndexes(indexes)
}

function isGuarded({ options = {} }: CollectionInfo, validator: Document): boolean {
  const { validationLevel = 'strict', validationAction = 'error' } = options
  const refuses = validationLevel === 'strict' && validationAction === 'error'
  return refuses && JSON.stringify(options.validator) === JSON.stringify(validator)
}

async function create(db: Db, name: string, validator: Document): Promise<void> {
  try {
    await db.createCollection(name, { validator })
  } catch (error) {
    // Another process opened the same empty database at the same moment.
    if (!(error instanceof MongoServerError && error.codeName === 'NamespaceExists')) throw error
  }
}
