/**
 * rdb: an embedded, transactional key-value database in one file.
 *
 * <p>One writer, many readers, each reader on its own snapshot. A program meets {@link
 * rdb.Database} first, then the transactions {@link rdb.ReadTxn} and {@link rdb.WriteTxn}, and in
 * them {@link rdb.Table}s of records. {@code rdb.h}, the manual of the C interface, describes what
 * each operation means; this package adds the following rules.
 *
 * <ul>
 *   <li><b>Closing.</b> Everything that is {@link AutoCloseable} belongs into a {@code try}
 *       statement. Closing twice does nothing. A closed object answers {@link
 *       rdb.ClosedException}, an {@link IllegalStateException}. What is abandoned is released some
 *       time after the collector finds it; the database is then closed without a report.
 *   <li><b>Threads.</b> A {@link rdb.Database}, a {@link rdb.ReadTxn} and its tables may be used by
 *       any number of threads. A {@link rdb.WriteTxn}, each of its tables and every {@link
 *       rdb.Cursor} belongs to one thread at a time, not necessarily the one that made it; when
 *       two use it at once, one of them gets a {@link rdb.UsageException}. An object that is
 *       closed while another thread is in a call on it is released when that call returns.
 *   <li><b>Absence</b> is {@code null} or {@code false}, failure is a {@link rdb.RdbException}.
 *   <li><b>Buffers.</b> A {@link java.nio.ByteBuffer} argument means its bytes from position to
 *       limit; when the call succeeds its position moves on by what was read or written.
 *       Direct buffers are used in place, others are copied.
 * </ul>
 *
 * <p>System properties: {@code rdb.lib.path}, the native library's file; {@code rdb.tmpdir}, the
 * folder into which it is unpacked from the jar; {@code rdb.debug.copy=true}, pinned values are
 * copies, so that a buffer used after its value was closed does no harm; {@code
 * rdb.debug.leaks=true}, objects that were abandoned are logged with the place where they were made.
 */
package rdb;
