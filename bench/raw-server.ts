import { createServer } from 'node:http';

/** The least that Node can do for a request: what a status answer is compared with. */
const BODY = JSON.stringify({ run_id: '00000000-0000-7000-8000-000000000000', state: 'RUNNING' });

createServer((_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(BODY);
}).listen(Number(process.env.PORT), '127.0.0.1');
