// The program behind Hocuspocus: node hocuspocus.mjs FOLDER PORT [DATABASE] [REDIS PORT], in memory where they are empty.
import { createRequire } from 'node:module'

const [folder, port, database, redisPort] = process.argv.slice(2)
const require = createRequire(`${folder}/`)
const { Server } = require('@hocuspocus/server')

const extensions = []
if (database) {
  const { SQLite } = require('@hocuspocus/extension-sqlite')
  extensions.push(new SQLite({ database }))
}
if (redisPort) {
  const { Redis } = require('@hocuspocus/extension-redis')
  extensions.push(new Redis({ host: '127.0.0.1', port: Number(redisPort) }))
}
await new Server({ port: Number(port), address: '127.0.0.1', quiet: true, extensions }).listen()
