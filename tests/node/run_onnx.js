// Runs every N.onnx of a folder in ONNX Runtime: input N.in (floats of the shape in
// N.json), output to N.out; further outputs NAME to N.NAME.out.
"use strict";
const fs = require("fs");
const path = require("path");
const ort = require("onnxruntime-node");

async function runOne(folder, number) {
  const file = (extension) => path.join(folder, number + extension);
  const session = await ort.InferenceSession.create(file(".onnx"), {
    graphOptimizationLevel: process.argv[3] ?? "all",
    intraOpNumThreads: 1,
  });
  const bytes = fs.readFileSync(file(".in"));
  const shape = JSON.parse(fs.readFileSync(file(".json"), "utf8"));
  const input = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const tensor = new ort.Tensor("float32", Float32Array.from(input), shape);
  const outputs = await session.run({ input: tensor });
  for (const [name, { data }] of Object.entries(outputs)) {
    const extension = name === "output" ? ".out" : `.${name}.out`;
    fs.writeFileSync(file(extension), Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }
}

async function main(folder) {
  const numbers = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(".onnx"))
    .map((name) => name.slice(0, -".onnx".length));
  for (const number of numbers) {
    await runOne(folder, number);
  }
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
