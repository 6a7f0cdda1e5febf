// h2_server.js KEY CERT: HTTP/2 and HTTP/1.1 over TLS on a free loopback port, which it prints.
// /stats gives the protocol and the numbers of connections and requests; /reset fails the stream,
// /die the connection.
"use strict";
const fs = require("fs");
const http2 = require("http2");

let connections = 0;
let requests = 0;
const [key, cert] = process.argv.slice(2).map((path) => fs.readFileSync(path));
const server = http2.createSecureServer(
  { key, cert, allowHTTP1: true },
  (request, response) => {
    requests++;
    if (request.url === "/reset") {
      request.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    } else if (request.url === "/die") {
      request.stream.session.destroy();
    } else if (request.url === "/stats") {
      response.end(`HTTP/${request.httpVersion} ${connections} ${requests}`);
    } else {
      setTimeout(() => response.end("{}"), 30);
    }
  });
server.on("secureConnection", () => connections++);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
