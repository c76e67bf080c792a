import { resolve } from 'node:path'
import { openProjectMongo } from '@stockroom/local-mongo'
import type { Logger } from 'pino'
import type { Config } from './config.ts'

export interface Database extends AsyncDisposable {
  readonly uri: string
  /** For people: where the data are. */
  readonly place: string
}

/** The MongoDB that the configuration names, or the embedded one of this folder, which ends when disposed of. */
export async function openDatabase({ MONGODB_URI, STOCKROOM_DATA }: Config, log: Logger): Promise<Database> {
  if (MONGODB_URI)
    return { uri: MONGODB_URI, place: 'in the MongoDB that MONGODB_URI names', async [Symbol.asyncDispose]() {} }
  const place = resolve(STOCKROOM_DATA)
  const onFetch = () => log.info('no MongoDB is here yet: fetching one, once, which is about 100 MB')
  const mongo = await openProjectMongo(place, { onFetch })
  return { uri: mongo.uri, place, [Symbol.asyncDispose]: () => mongo[Symbol.asyncDispose]() }
}
