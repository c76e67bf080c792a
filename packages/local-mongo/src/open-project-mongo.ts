import { mkdir, realpath } from 'node:fs/promises'
import { errorCode, errorText } from './error-text.ts'
import { findMongod } from './find-mongod.ts'
import { startMongod } from './mongod-process.ts'
import { endOrphan } from './orphan.ts'
import { dataFolder, hasData, keepPort, projectPort } from './project-data.ts'
import { isProject, lockProject } from './project-lock.ts'
import { formReplicaSet, replicaSetUri } from './replica-set.ts'

/** The database of a project, for as long as this is not disposed. */
export interface ProjectMongo extends AsyncDisposable {
  readonly uri: string
}

export interface ProjectMongoOptions {
  readonly mustExist?: boolean
  /** Called when there is no mongod yet, and one is fetched: that may take minutes. */
  readonly onFetch?: () => void
}

/** The folder holds no database, and none was to be made. */
export class NoProjectDataError extends Error {
  override name = 'NoProjectDataError'
}

/**
 * Runs the database of a project: one mongod as a replica set, on data that stay in the folder. Both are made when they
 * are missing, unless `mustExist` is set. Disposing shuts it down cleanly, which takes about 1 s.
 *
 * @throws AlreadyRunningError when a living process has the folder
 * @throws NoProjectDataError when `mustExist` is set and there are no data
 * @throws MongodNotFoundError when there is no mongod to run
 */
export async function openProjectMongo(folder: string, options: ProjectMongoOptions = {}): Promise<ProjectMongo> {
  try {
    if (options.mustExist && !isProject(folder)) throw noData(folder)
    await mkdir(folder, { recursive: true })
    return await open(await realpath(folder), options)
  } catch (error) {
    throw explained(folder, error)
  }
}

async function open(folder: string, { mustExist, onFetch }: ProjectMongoOptions): Promise<ProjectMongo> {
  await using cleanup = new AsyncDisposableStack()
  const lock = await lockProject(folder)
  cleanup.defer(() => lock.release())
  await lock.announce({ pid: process.pid })
  if (mustExist && !hasData(folder)) throw noData(folder)

  const mongod = await findMongod(undefined, onFetch)
  const dbPath = dataFolder(folder)
  await mkdir(dbPath, { recursive: true })
  await endOrphan(dbPath)
  const port = await projectPort(folder)
  const server = await startMongod({
    mongod,
    port,
    dbPath,
    parameters: { transactionLifetimeLimitSeconds: 5 },
    throwAway: false,
  })
  cleanup.defer(() => server.end('SIGTERM'))
  await formReplicaSet([port])
  await keepPort(folder, port)
  const uri = replicaSetUri([port])
  await lock.announce({ pid: process.pid, uri })

  const owned = cleanup.move()
  return { uri, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

function noData(folder: string): NoProjectDataError {
  return new NoProjectDataError(
    `There is no database in ${folder}: run \`npx pnpm start\` once, or name the folder that has one.`,
  )
}

function explained(folder: string, error: unknown): unknown {
  const code = errorCode(error)
  if (code === 'ENOSPC')
    return new Error(`The disk that holds ${folder} is full: free 500 MB there and start again.`, { cause: error })
  if (
    ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(String(code)) ||
    /unable to open database file/.test(errorText(error))
  ) {
    return new Error(`${folder} cannot be written: give this user the folder, or choose another one.`, { cause: error })
  }
  return error
}
