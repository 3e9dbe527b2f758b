package rdb;

import java.nio.ByteBuffer;

/**
 * Bytes ready to cross into native code: a direct buffer with an offset, or a place in the thread's
 * scratch memory. Made right before the call; {@code total} is what all operands of the call may
 * need of the scratch memory together, so that it is not moved between them.
 */
final class Operand {
  final ByteBuffer buffer; // null: at is an address
  final long at;
  final int size;

  private Operand(ByteBuffer buffer, long at, int size) {
    this.buffer = buffer;
    this.at = at;
    this.size = size;
  }

  static Operand of(byte[] bytes) {
    return of(bytes, 0, bytes.length);
  }

  static Operand of(byte[] bytes, int offset, int total) {
    if (total > Scratch.MAX_BYTES || total < 0) {
      return new Operand(ByteBuffer.allocateDirect(bytes.length).put(0, bytes), 0, bytes.length);
    }
    Scratch scratch = Scratch.get();
    scratch.buffer(total).put(offset, bytes);
    return new Operand(null, scratch.address() + offset, bytes.length);
  }

  static Operand of(ByteBuffer bytes) {
    return of(bytes, 0, bytes.remaining());
  }

  static Operand of(ByteBuffer bytes, int offset, int total) {
    int size = bytes.remaining();
    if (bytes.isDirect()) return new Operand(bytes, bytes.position(), size);
    if (total > Scratch.MAX_BYTES || total < 0) {
      ByteBuffer copy = ByteBuffer.allocateDirect(size).put(0, bytes, bytes.position(), size);
      return new Operand(copy, 0, size);
    }
    Scratch scratch = Scratch.get();
    scratch.buffer(total).put(offset, bytes, bytes.position(), size);
    return new Operand(null, scratch.address() + offset, size);
  }
}
