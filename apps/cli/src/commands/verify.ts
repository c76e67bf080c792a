import type { ProjectMongo } from '@stockroom/local-mongo'
import { NoProjectDataError, useProjectMongo } from '@stockroom/local-mongo'
import { VerifyError, verifyShop } from '@stockroom/server'
import type { Config } from '../config.ts'
import { CliError } from '../errors.ts'
import { verifyLines } from '../report.ts'
import type { CommandContext, CommandResult } from './context.ts'

/** `shop verify`: checks that stock, movements and orders of the whole shop add up. */
export async function verify({ config }: CommandContext): Promise<CommandResult> {
  try {
    await using mongo = await openMongo(config)
    const books = await verifyShop({ uri: mongo.uri, database: config.database })
    return { ok: books.differences.length === 0, report: books, lines: verifyLines(books) }
  } catch (error) {
    if (error instanceof VerifyError || error instanceof NoProjectDataError)
      throw new CliError(`${error.message} MONGODB_URI and MONGODB_DATABASE say which database to check.`, {
        cause: error,
      })
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
