// h2_server.js KEY CERT -- HTTP/2 (and 1.1) over TLS on a free loopback port, which is printed.
// /stats tells how many connections there were; /reset and /die fail after the request.
"use strict";
const fs = require("fs");
const http2 = require("http2");

let connections = 0;
let requests = 0;
const server = http2.createSecureServer(
  { key: fs.readFileSync(process.argv[2]), cert: fs.readFileSync(process.argv[3]), allowHTTP1: true },
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
