export type { Mongod } from "./check-mongod.ts";
export type { Environment } from "./environment.ts";
export { findMongod, MongodNotFoundError } from "./find-mongod.ts";
export type { MongoMember } from "./member.ts";
export { startMongo, type LocalMongo, type StartMongoOptions } from "./start-mongo.ts";
export { NoProjectDataError, openProjectMongo, type ProjectMongo } from "./open-project-mongo.ts";
export { AlreadyRunningError } from "./project-lock.ts";
export { useProjectMongo } from "./use-project-mongo.ts";
