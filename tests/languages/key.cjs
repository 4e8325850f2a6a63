// The variant of a client by an affinity key, in JavaScript: node key.cjs < keys.jsonl.
//
// Each line is {"key": HEX, "salt": TEXT, "total": NUMBER}. The answer has the 64 bits of the sample, and its point of the total. With a
// canary of weight 30 of 100, the points 0 to 29 are the canary's.

const { readFileSync } = require("node:fs");
const xxhash = require("xxhash-wasm");

xxhash().then(({ h64Raw }) => {
  const bits = (key, salt) => h64Raw(key, h64Raw(Buffer.from(salt), 0n));
  const point = (bits, total) => (bits * BigInt(total)) >> 64n;

  for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
    const { key, salt, total } = JSON.parse(line);
    const sample = bits(Buffer.from(key, "hex"), salt);
    console.log(`${sample.toString(16).padStart(16, "0")} ${point(sample, total)}`);
  }
});
