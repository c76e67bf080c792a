import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import helmet from 'helmet'

/** What helmet says with every answer. It depends on no request, so helmet is asked once. */
export function securityHeaders(): Map<string, string> {
  const secure = helmet({
    // On plain HTTP within a network, this directive would send the docs page to HTTPS for its scripts.
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  })
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  secure(request, response, () => {})
  return new Map(response.getHeaderNames().map((name) => [name, String(response.getHeader(name))]))
}
