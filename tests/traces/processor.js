// Perfetto's own trace processor, the WebAssembly that its page runs, behind a Unix socket at which the package `perfetto` asks.
//
//   node processor.js FOLDER TRACE SOCKET      FOLDER: engine_bundle.js and trace_processor.wasm of one release of Perfetto
//
// The engine is a web worker: it gets a port to which bytes of TraceProcessorRpcStream (trace_processor.proto) go and from which
// they come. The package speaks the same bytes, so that they only pass through here; before, the trace is handed over the same way.
// Says "ready" once the trace is read, then answers until its standard input ends.
"use strict";
const fs = require("fs");
const net = require("net");
const path = require("path");
const vm = require("vm");

const [folder, trace, address] = process.argv.slice(2);
const CHUNK = 1 << 20;
const APPEND = 1, FINALIZE = 2;  // TraceProcessorRpc.TraceProcessorMethod

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}

function field(number, bytes) {  // length-delimited
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/// TraceProcessorRpcStream{msg{request: method, append_trace_data: data}}
function request(method, data) {
  const body = [varint(2 * 8), varint(method)];
  if (data) body.push(field(101, data));
  return new Uint8Array(field(1, Buffer.concat(body)));
}

process.on("uncaughtException", (error) => {  // its message only: the bundle is one line of 150 kB
  process.stderr.write(`${error.message.slice(0, 500)}\n`);
  process.exit(1);
});

// What a web worker finds around it.
globalThis.self = globalThis;
globalThis.WorkerGlobalScope = function () {};
process.type = "renderer";  // else its loader sees Node and refuses
globalThis.location = {href: "file:///engine_bundle.js"};
const file_of = (name) => fs.readFileSync(path.join(folder, path.basename(String(name))));
globalThis.XMLHttpRequest = class {
  open(_, name) { this.name = name; }
  send() { this.response = file_of(this.name); }
};
console.log = console.warn = (...words) => process.stderr.write(words.join(" ") + "\n");

vm.runInThisContext(fs.readFileSync(path.join(folder, "engine_bundle.js"), "utf8"), {filename: "engine_bundle.js"});
let answered = () => {};
const port = {postMessage: (bytes) => answered(Buffer.from(bytes))};
globalThis.onmessage({data: port});

setImmediate(() => {  // the module is compiled in place; what waited for it has run by now
  const whole = fs.readFileSync(trace);
  for (let at = 0; at < whole.length; at += CHUNK) {
    port.onmessage({data: request(APPEND, whole.subarray(at, at + CHUNK))});
  }
  port.onmessage({data: request(FINALIZE)});
  const server = net.createServer((socket) => {
    answered = (bytes) => socket.write(bytes);
    socket.on("data", (bytes) => port.onmessage({data: new Uint8Array(bytes)}));
    socket.on("error", () => {});
  });
  server.listen(address, () => process.stdout.write("ready\n"));
});
process.stdin.on("end", () => process.exit(0)).resume();
