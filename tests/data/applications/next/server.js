// A shop in Node.js: asks its database when it starts, and at every request.
const http = require('http');
const { Client } = require('pg');

async function ask() {
  const database = new Client({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 3000 });
  await database.connect();
  await database.query('SELECT 1');
  await database.end();
}

const server = http.createServer((_request, response) => {
  ask().then(() => response.end('the shop\n'), (error) => response.writeHead(500).end(`${error.message}\n`));
});
ask().then(() => server.listen(3000)).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
