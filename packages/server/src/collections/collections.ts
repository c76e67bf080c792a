import type { Collection, CollectionInfo, Db, Document, IndexDescription } from 'mongodb'
import { MongoServerError } from 'mongodb'
import type { MovementDocument } from './movements.ts'
import { movementIndexes, movementsName, movementValidator } from './movements.ts'
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
  await Promise.all([
    ensure(db, productsName, { validator: productValidator, indexes: productIndexes }),
    ensure(db, ordersName, { validator: orderValidator, indexes: orderIndexes }),
    ensure(db, movementsName, { validator: movementValidator, indexes: movementIndexes }),
  ])
}

interface Shape {
  validator: Document
  indexes: IndexDescription[]
}

async function ensure(db: Db, name: string, { validator, indexes }: Shape): Promise<void> {
  const [existing] = await db.listCollections<CollectionInfo>({ name }).toArray()
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
