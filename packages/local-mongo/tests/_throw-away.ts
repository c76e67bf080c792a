// A program that starts a throw-away database, says so, and stays.
import { startMongo } from '@stockroom/local-mongo'

const { uri } = await startMongo()
process.stdout.write(`${uri}\n`)
