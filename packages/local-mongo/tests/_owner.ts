// A program that opens the database of a folder, writes one document, says so, and stays.
import { MongoClient } from 'mongodb'
import { openProjectMongo } from '@stockroom/local-mongo'

const [folder = '', text = ''] = process.argv.slice(2)
try {
  const { uri } = await openProjectMongo(folder)
  const client = await MongoClient.connect(uri)
  await client
    .db('test')
    .collection('notes')
    .insertOne({ text }, { writeConcern: { w: 'majority' } })
  await client.close()
  process.stdout.write(`${uri}\n`)
} catch (error) {
  process.stdout.write(`${String(error)}\n`)
  process.exitCode = 1
}
