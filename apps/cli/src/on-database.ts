import type { ProjectMongo } from '@stockroom/local-mongo'
import { AlreadyRunningError, MongodNotFoundError, NoProjectDataError, useProjectMongo } from '@stockroom/local-mongo'
import type { VerifyOptions } from '@stockroom/server'
import { VerifyError } from '@stockroom/server'
import type { Config } from './config.ts'
import { CliError } from './errors.ts'

/** Works on the database of MONGODB_URI, or on the embedded one of the folder, whether its shop runs or not. */
export async function onDatabase<T>(config: Config, work: (database: VerifyOptions) => Promise<T>): Promise<T> {
  try {
    await using mongo = await openMongo(config)
    return await work({ uri: mongo.uri, database: config.database })
  } catch (error) {
    if (error instanceof VerifyError || error instanceof NoProjectDataError)
      throw new CliError(`${error.message} MONGODB_URI and MONGODB_DATABASE say which database to check.`, {
        cause: error,
      })
    if (error instanceof MongodNotFoundError || error instanceof AlreadyRunningError)
      throw new CliError(error.message, { cause: error })
    throw error
  }
}

async function openMongo({ mongoUri, dataFolder }: Config): Promise<ProjectMongo> {
  if (mongoUri) return { uri: mongoUri, async [Symbol.asyncDispose]() {} }
  const mongo = await useProjectMongo(dataFolder)
  // An embedded database that was opened for this command outlives it unless it is told to end.
  const interrupted = () => void endAndExit(mongo)
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  return {
    uri: mongo.uri,
    async [Symbol.asyncDispose]() {
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
      await mongo[Symbol.asyncDispose]()
    },
  }
}

async function endAndExit(mongo: ProjectMongo): Promise<void> {
  await mongo[Symbol.asyncDispose]()
  process.exit(130)
}
