import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import express from 'express'

/** Swagger UI, all of it served from here: the page works without the internet. */
const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stockroom: REST API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

// Without validatorUrl: null the page asks an outside service for a badge.
const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null, tryItOutEnabled: true })
`

const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
const files = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']

/** `GET /docs`, and `GET /openapi.json` that it reads. */
export function docsRoutes(document: object): express.Router {
  const routes = express.Router()
  const json = JSON.stringify(document)
  routes.get('/openapi.json', (_request, response) => void response.type('application/json').send(json))
  routes.get('/docs', (_request, response) => void response.type('html').send(page))
  routes.get('/docs/start.js', (_request, response) => void response.type('js').send(start))
  for (const file of files) {
    routes.get(`/docs/${file}`, (_request, response) => response.sendFile(file, { root: folder, maxAge: '1h' }))
  }
  return routes
}
