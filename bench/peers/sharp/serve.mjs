// sharp with the AWS SDK v3: reads a task from each line, resizes the picture, writes a line of figures (see ../serve.py).
// "three": the usual three parallel pipelines. "best": one decode, then each size from the one before.
import { readFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import sharp from "sharp";

const WIDTHS = [1000, 640, 480];
const OPTIONS = { JPEG: { quality: 80 }, PNG: {}, WEBP: { quality: 78 } };
const s3 = new S3Client({
  endpoint: process.env.AWS_ENDPOINT_URL_S3,
  forcePathStyle: true,
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
});

async function put(task, width, Body) {
  const format = task.format.toLowerCase();
  await s3.send(
    new PutObjectCommand({
      Bucket: task.bucket,
      Key: `resized/${width}-${task.key}`,
      Body,
      ContentType: `image/${format}`,
    }),
  );
  return Body.length;
}

const encoded = (image, task) => image.toFormat(task.format.toLowerCase(), OPTIONS[task.format]).toBuffer();
const narrowed = (image, width) => image.resize({ width, withoutEnlargement: true });

async function three(task, original) {
  const one = async (width) => put(task, width, await encoded(narrowed(sharp(original).autoOrient(), width), task));
  return Promise.all(WIDTHS.map(one));
}

async function best(task, original) {
  const uploads = [];
  let image = sharp(original).autoOrient();
  for (const width of WIDTHS) {
    const { data, info } = await narrowed(image, width).raw().toBuffer({ resolveWithObject: true });
    const pixels = () => sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });
    uploads.push(encoded(pixels(), task).then((body) => put(task, width, body)));
    image = pixels();
  }
  return Promise.all(uploads);
}

const resize = { three, best }[process.argv[2]];
// Not resourceUsage().maxRSS, which a process inherits from its parent.
const peakKiB = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
const answer = (text) => writeSync(1, `${text}\n`);

const start = process.cpuUsage();
answer(JSON.stringify({ init_cpu_ms: (start.user + start.system) / 1000, base_bytes: peakKiB() * 1024 }));
for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line);
  const begin = { wall: performance.now(), cpu: process.cpuUsage() };
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: task.bucket, Key: task.key }));
  const sizes = await resize(task, await Body.transformToByteArray());
  const used = process.cpuUsage(begin.cpu);
  answer(
    JSON.stringify({
      cpu_ms: (used.user + used.system) / 1000,
      wall_ms: performance.now() - begin.wall,
      written: sizes.reduce((sum, size) => sum + size, 0),
      peak_bytes: peakKiB() * 1024,
    }),
  );
}
