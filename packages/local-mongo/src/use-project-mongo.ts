import { setTimeout as sleep } from 'node:timers/promises'
import { openProjectMongo, type ProjectMongo } from './open-project-mongo.ts'
import { AlreadyRunningError, readOwner } from './project-lock.ts'

/**
 * The database of a project, whether it runs or not: the running one, which disposing leaves alone, or else one
 * opened for this purpose. Waits for one that is just starting.
 *
 * @throws NoProjectDataError when there is no database in the folder
 */
export async function useProjectMongo(folder: string): Promise<ProjectMongo> {
  const deadline = Date.now() + 60_000
  for (;;) {
    try {
      return await openProjectMongo(folder, { mustExist: true })
    } catch (error) {
      if (!(error instanceof AlreadyRunningError) || Date.now() > deadline) throw error
      const uri = (await readOwner(error.folder))?.uri
      if (uri !== undefined) return { uri, async [Symbol.asyncDispose]() {} }
    }
    await sleep(50)
  }
}
