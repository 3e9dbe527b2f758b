package rdb;

import rdb.raw.Flat;

/**
 * The numbers of {@code rdb_status}: 0 is success, positive an ordinary outcome, negative an error.
 * The names are those of {@code rdb.h} without {@code RDB_}. A program may meet numbers that are not
 * here; they belong to the hundred they lie in.
 */
public final class Status {
  /** Done. */
  public static final int OK = 0;

  /** No such key, table, entry. */
  public static final int NOT_FOUND = 1;

  /** The cursor ran past the last or first entry. */
  public static final int END = 2;

  /** Insert only, and the key is there. */
  public static final int EXISTS = 3;

  /** The buffer is too small. */
  public static final int MORE = 4;

  /** A callback asked to stop. */
  public static final int STOPPED = 5;

  /** The stored value is not the one expected. */
  public static final int DIFFERENT = 6;

  /** Wrong order, wrong kind of transaction, two threads at once. */
  public static final int ERR_MISUSE = -100;

  /** Handle of another kind, or released. */
  public static final int ERR_BAD_HANDLE = -101;

  /** The object, its transaction or its database is over. */
  public static final int ERR_CLOSED = -102;

  /** No option of that name. */
  public static final int ERR_UNKNOWN_OPTION = -103;

  /** A struct asks for something the library does not know. */
  public static final int ERR_STRUCT_TOO_NEW = -104;

  /** The header is newer than the library. */
  public static final int ERR_LIBRARY_TOO_OLD = -105;

  /** Feature not in this build. */
  public static final int ERR_UNSUPPORTED = -106;

  /** Value out of its domain. */
  public static final int ERR_INVALID_ARGUMENT = -107;

  /** Each is fine, both together are refused. */
  public static final int ERR_UNSUPPORTED_COMBINATION = -108;

  /** Table name kept for the library. */
  public static final int ERR_RESERVED_NAME = -109;

  /** Options contradict each other or the file. */
  public static final int ERR_INVALID_CONFIG = -110;

  /** A callback answered nonsense. */
  public static final int ERR_CALLBACK = -111;

  /** No table of that name. */
  public static final int ERR_TABLE_MISSING = -200;

  /** The new name is taken. */
  public static final int ERR_TABLE_EXISTS = -201;

  /** Stored under other key or value types. */
  public static final int ERR_TABLE_TYPE = -202;

  /** Several values a key; not a plain table. */
  public static final int ERR_TABLE_IS_MULTIMAP = -203;

  /** Not a table with several values a key. */
  public static final int ERR_TABLE_NOT_MULTIMAP = -204;

  /** Already open in this write transaction. */
  public static final int ERR_TABLE_OPEN = -205;

  /** Key or value above the format's limit, or above what Java can hold. */
  public static final int ERR_TOO_LARGE = -206;

  /** Same type name, other width. */
  public static final int ERR_TYPE_CHANGED = -207;

  /** Order of keys unknown: rows can be read in stored order only. */
  public static final int ERR_UNKNOWN_KEY_TYPE = -208;

  /** A merge made a value of the wrong length. */
  public static final int ERR_MERGE_WIDTH = -209;

  /** Transactions are open. */
  public static final int ERR_BUSY = -300;

  /** The file is open in this or another process. */
  public static final int ERR_ALREADY_OPEN = -301;

  /** Another writer stayed longer than the caller would wait. */
  public static final int ERR_LOCK_TIMEOUT = -302;

  /** The handle belongs to the parent process. */
  public static final int ERR_FORKED = -303;

  /** A {@link Cancellation} was triggered. */
  public static final int ERR_CANCELLED = -304;

  /** The system refused; errno says why. */
  public static final int ERR_IO = -400;

  /** Device or quota full. */
  public static final int ERR_OUT_OF_SPACE = -401;

  /** An earlier failure stopped this database; open it anew. */
  public static final int ERR_PREVIOUS_IO = -402;

  /** Opened for reading, or a read-only file. */
  public static final int ERR_READ_ONLY = -403;

  /** Damaged; the position may name a page. */
  public static final int ERR_CORRUPTED = -500;

  /** One page is damaged; the position names it. */
  public static final int ERR_PAGE_CORRUPTED = -501;

  /** Not a database file, or one of an unknown format. */
  public static final int ERR_FORMAT = -502;

  /** Written by a program too old to be read. */
  public static final int ERR_UPGRADE_REQUIRED = -503;

  /** A commit failed halfway; the next open decides. */
  public static final int ERR_RECOVERY_REQUIRED = -504;

  /** Opening needed a repair, which was stopped. */
  public static final int ERR_REPAIR_ABORTED = -505;

  /** The allocator refused. */
  public static final int ERR_NO_MEMORY = -600;

  /** The database's own budget is exhausted. */
  public static final int ERR_MEMORY_BUDGET = -601;

  /** A mistake of the library's; please report it. */
  public static final int ERR_INTERNAL = -900;

  private Status() {}

  /**
   * Name of a status as {@code rdb.h} spells it.
   *
   * @param status any number
   * @return {@code "RDB_NOT_FOUND"} for 1; {@code "RDB_UNKNOWN"} or {@code "RDB_ERR_UNKNOWN"} for
   *     one that the library does not know
   */
  public static String name(int status) {
    Native.load();
    return Native.text(room -> Flat.statusNameText(status, room));
  }
}
