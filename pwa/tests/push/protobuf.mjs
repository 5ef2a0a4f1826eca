// As much of Protocol Buffers as Chromium's messaging servers speak.

export function varint(number) {
  const bytes = [];
  let rest = BigInt(number);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest ? low | 0x80 : low);
  } while (rest);
  return Buffer.from(bytes);
}

/** [value, where it ends], or null if the bytes end before it does. */
export function readVarint(bytes, at) {
  let value = 0n;
  for (let shift = 0n; at < bytes.length; shift += 7n) {
    const byte = bytes[at++];
    value |= BigInt(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return [value, at];
  }
  return null;
}

export const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);

export function bytes(field, value) {
  const content = Buffer.from(value);
  return Buffer.concat([varint((field << 3) | 2), varint(content.length), content]);
}

export function fixed64(field, value) {
  const content = Buffer.alloc(8);
  content.writeBigUInt64LE(BigInt(value));
  return Buffer.concat([varint((field << 3) | 1), content]);
}

/** Field -> its values. */
export function parse(message) {
  const fields = {};
  let at = 0;
  while (at < message.length) {
    const [tag, next] = readVarint(message, at);
    at = next;
    const field = Number(tag >> 3n);
    let value;
    switch (Number(tag & 7n)) {
      case 0: [value, at] = readVarint(message, at); break;
      case 1: value = message.readBigUInt64LE(at); at += 8; break;
      case 2: {
        const [length, start] = readVarint(message, at);
        at = start + Number(length);
        value = message.subarray(start, at);
        break;
      }
      default: value = message.readUInt32LE(at); at += 4;
    }
    (fields[field] ??= []).push(value);
  }
  return fields;
}
