// The pixels that sharp would encode: node pixels.mjs three|best FILE, raw RGBA of each width on standard output.
import { readFileSync, writeSync } from "node:fs";
import sharp from "sharp";

const [variant, file] = process.argv.slice(2);
const original = readFileSync(file);
const narrowed = (image, width) => image.resize({ width, withoutEnlargement: true });

function write(buffer) {
  for (let sent = 0; sent < buffer.length; ) {
    try {
      sent += writeSync(1, buffer, sent);
    } catch (problem) {
      if (problem.code !== "EAGAIN") throw problem;
    }
  }
}

let image = sharp(original).autoOrient();
for (const width of [1000, 640, 480]) {
  if (variant === "three") image = sharp(original).autoOrient();
  const { data, info } = await narrowed(image, width).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  write(Buffer.from(Uint32Array.of(info.width, info.height).buffer));
  write(data);
  image = sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });
}
