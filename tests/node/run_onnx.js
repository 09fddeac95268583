// Runs every N.onnx of a folder in ONNX Runtime: input N.in (floats of the shape in
// N.json), output to N.out.
"use strict";
const fs = require("fs");
const path = require("path");
const ort = require("onnxruntime-node");

async function runOne(folder, number) {
  const file = (extension) => path.join(folder, number + extension);
  const session = await ort.InferenceSession.create(file(".onnx"), {
    graphOptimizationLevel: "all",
    intraOpNumThreads: 1,
  });
  const bytes = fs.readFileSync(file(".in"));
  const shape = JSON.parse(fs.readFileSync(file(".json"), "utf8"));
  const input = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const tensor = new ort.Tensor("float32", Float32Array.from(input), shape);
  const { output } = await session.run({ input: tensor });
  fs.writeFileSync(file(".out"), Buffer.from(output.data.buffer, output.data.byteOffset, output.data.byteLength));
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
