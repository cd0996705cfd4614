/** Decodes copies: browsers refuse to read memory that is shared, which the engine's is. */
class CopyingDecoder extends TextDecoder {
  override decode(input?: Uint8Array): string {
    return super.decode(input === undefined ? undefined : new Uint8Array(input));
  }
}

/** As {@link CopyingDecoder}, for writing. */
class CopyingEncoder extends TextEncoder {
  override encodeInto(text: string, target: Uint8Array): TextEncoderEncodeIntoResult {
    const bytes = this.encode(text).subarray(0, target.length);
    target.set(bytes);
    return { read: text.length, written: bytes.length };
  }
}

export { CopyingDecoder as TextDecoder, CopyingEncoder as TextEncoder };
