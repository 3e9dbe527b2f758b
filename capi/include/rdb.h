/* rdb.h: the C interface of rdb, an embedded, transactional key-value database in one file.
 *
 * This header is the manual. It is meant to be read from front to back: first the rules that hold
 * for every function, then the items in the order in which a program meets them.
 *
 *
 * A PROGRAM
 *
 *     rdb_error err;
 *     rdb_db *db;
 *     rdb_txn *txn;
 *     rdb_table *users;
 *     if (rdb_open(RDB_SLICE("people.rdb"), NULL, &db, &err) < 0) return complain(&err);
 *     if (rdb_txn_begin(db, RDB_TXN_WRITE, NULL, &txn, &err) < 0) ...
 *     if (rdb_table_open(txn, RDB_SLICE("users"), NULL, NULL, &users, &err) < 0) ...
 *     if (rdb_put(users, RDB_SLICE("ada"), RDB_SLICE("1815"), 0, &err) < 0) ...
 *     rdb_table_close(users, NULL);
 *     if (rdb_txn_commit(txn, &err) < 0) ...
 *     rdb_close(db, NULL);
 *
 *
 * RULES
 *
 * Status.  A function that can fail returns rdb_status: 0 is success, a positive value an ordinary
 * outcome ("not there", "no more"), a negative value an error. Test errors with `status < 0`. Each
 * function lists the outcomes it knows; any function may answer any error.
 *
 * Error detail.  The last parameter of such a function is an rdb_error owned by the caller. It is
 * only ever written, and only when the returned status is negative, so it may be uninitialised and
 * may be shared by many calls of one thread. NULL is accepted everywhere. There is no "last error"
 * kept by the library.
 *
 * Outputs.  When the status is negative, outputs are untouched, except handles, which are set to
 * NULL before anything else happens. With a positive status only the outputs named there are
 * written.
 *
 * Bytes.  Keys, values, names and paths travel as rdb_slice. Size 0 is the empty byte string,
 * whatever the pointer is. NULL with another size is RDB_ERR_MISUSE. No size means "up to the
 * NUL". Slices passed in are borrowed until the call returns. Names are UTF-8; anything else is
 * RDB_ERR_INVALID_ARGUMENT. Text that is part of the library itself (versions, help) is handed out
 * as NUL-terminated const char * that lives as long as the library is loaded.
 *
 * NULL.  Pointers must not be NULL unless they are marked RDB_NULLABLE. NULL elsewhere gives
 * RDB_ERR_MISUSE and never a crash. Every release function accepts NULL and does nothing.
 *
 * Handles.  Opaque, one type each. Whatever hands one out names the function that releases it:
 * open/close for things with a file behind them, begin/commit/abort for transactions, create/free
 * for memory. The caller releases each handle exactly once, in any order, and always himself:
 * nothing releases the tables of a transaction or the cursors of a table for him. A handle
 * starts with a signature that its release overwrites; a handle of the wrong kind or released
 * earlier gives RDB_ERR_BAD_HANDLE. That is a best effort: memory that was reused cannot be told.
 *
 * Life after the parent.  Children may outlive their parents. When a transaction is over, its
 * tables and cursors answer RDB_ERR_CLOSED to every call but their release. Values and results
 * (rdb_value, rdb_result, rdb_report, rdb_listing) stay readable, even when the database is closed.
 *
 * Callbacks.  Return rdb_status and take their context first. 0 continues, RDB_STOPPED stops
 * quietly, a negative status aborts the operation, which returns it unchanged; any other answer is
 * RDB_ERR_CALLBACK. Arguments die with the call. A callback must not throw, must not longjmp out,
 * and may call no function that changes, closes or opens anything.
 *
 * Structs.  A struct that may grow starts with size_t struct_size, which the caller sets to the
 * size he was compiled with. Options: members that an older caller does not have count as zero, and
 * zero is always the old behaviour; a newer caller is understood as long as what this library
 * does not know is zero, else RDB_ERR_STRUCT_TOO_NEW. Outputs: the members both sides know are
 * written, and struct_size becomes the number of bytes written. Reserved members must be zero.
 * Structs without struct_size never change.
 *
 * Numbers.  Integers have fixed widths; size_t counts bytes or elements of the caller's memory.
 * Enumerations are uint32_t, flag sets uint64_t, both with named constants; unknown ones give
 * RDB_ERR_INVALID_ARGUMENT. New status values may appear within a hundred: treat an unknown one
 * like its hundred.
 *
 * Threads.  A const receiver may be shared between threads, another one belongs to one call at a
 * time. Nothing is bound to the thread that made it.
 *
 *     rdb_db                        any thread, concurrently; its release excludes all other calls
 *     rdb_txn, read; its tables     any thread, concurrently, where the receiver is const
 *     rdb_txn, write; its tables    any one thread at a time, const or not; different tables of
 *                                   one transaction may be written at once
 *     rdb_cursor                    any one thread at a time
 *     rdb_value, rdb_report,        any thread, concurrently; released once
 *       rdb_listing
 *     rdb_result                    the same while it is not being filled
 *     rdb_cancel                    any thread, concurrently; trigger also in a signal handler
 *     rdb_codec                     any one thread at a time; where const, concurrently
 *
 * The library has two threads of its own for a database, only while a large transaction goes on
 * and 50 ms after it: "rdb-prefault" prepares memory, "rdb-cleaner" writes pages of rdb_retain,
 * rdb_extract_..., rdb_drain, rdb_ttl_purge and rdb_table_copy to the file before the commit. They
 * call nothing of the program's and take no signals.
 *
 * Fork.  In a child process that was forked while a database was open, every handle made before the
 * fork answers RDB_ERR_FORKED. Its release touches neither file nor lock; open the file anew to use
 * it. Values that were read before the fork stay readable.
 *
 * Versions.  Each item says since which ABI version it exists. Prototypes, values and layouts are
 * never changed afterwards.
 */
#ifndef RDB_H
#define RDB_H

#include <stddef.h>
#include <stdint.h>

#if defined(SWIG)
#define RDB_API
#elif defined(_WIN32) && defined(RDB_BUILDING)
#define RDB_API __declspec(dllexport)
#elif defined(_WIN32) && !defined(RDB_STATIC)
#define RDB_API __declspec(dllimport)
#elif defined(__GNUC__)
#define RDB_API __attribute__((visibility("default")))
#else
#define RDB_API
#endif

/* Marks pointers that may be NULL. */
#if defined(__clang__) && !defined(SWIG)
#define RDB_NULLABLE _Nullable
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang diagnostic ignored "-Wnullability-completeness"
#else
#define RDB_NULLABLE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------
 * 1. Versions
 * --------------------------------------------------------------------------------------------- */

/* Of this header. The product's version and the ABI's are separate: a program built against ABI
 * 1.x runs with every library of ABI 1.y, y >= x. since 1.0 */
#define RDB_VERSION "0.1.0"
#define RDB_VERSION_NUMBER 1000u /* major * 1000000 + minor * 1000 + patch */
#define RDB_ABI_MAJOR 1u
#define RDB_ABI_MINOR 0u
#define RDB_ABI_VERSION (RDB_ABI_MAJOR << 16 | RDB_ABI_MINOR)

/* Of the library in use: text as in RDB_VERSION. since 1.0 */
RDB_API const char* rdb_version(void);

/* Of the library in use: number as in RDB_VERSION_NUMBER. since 1.0 */
RDB_API uint32_t rdb_version_number(void);

/* Of the library in use: number as in RDB_ABI_VERSION. since 1.0 */
RDB_API uint32_t rdb_abi_version(void);

/* One line about how the library was built: compiler, target, kind of build. since 1.0 */
RDB_API const char* rdb_build_info(void);

/* ------------------------------------------------------------------------------------------------
 * 2. Status, errors, bytes
 * --------------------------------------------------------------------------------------------- */

/* Result of a call. since 1.0 */
typedef int32_t rdb_status;

/* Outcomes. since 1.0 */
#define RDB_OK 0        /* done */
#define RDB_NOT_FOUND 1 /* no such key, table, entry */
#define RDB_END 2       /* the cursor ran past the last or first entry */
#define RDB_EXISTS 3    /* insert only, and the key is there */
#define RDB_MORE 4      /* the buffer is too small; the size needed was stored */
#define RDB_STOPPED 5   /* a callback asked to stop */
#define RDB_DIFFERENT 6 /* the stored value is not the one expected */

/* -1xx: the caller's mistake. since 1.0 */
#define RDB_ERR_MISUSE (-100)                  /* NULL, wrong order, wrong kind of transaction */
#define RDB_ERR_BAD_HANDLE (-101)              /* handle of another kind, or released */
#define RDB_ERR_CLOSED (-102)                  /* its transaction or database is over */
#define RDB_ERR_UNKNOWN_OPTION (-103)          /* no option of that name */
#define RDB_ERR_STRUCT_TOO_NEW (-104)          /* a struct asks for something unknown here */
#define RDB_ERR_LIBRARY_TOO_OLD (-105)         /* the header is newer than the library */
#define RDB_ERR_UNSUPPORTED (-106)             /* feature not in this build */
#define RDB_ERR_INVALID_ARGUMENT (-107)        /* value out of its domain */
#define RDB_ERR_UNSUPPORTED_COMBINATION (-108) /* each is fine, both together are refused */
#define RDB_ERR_RESERVED_NAME (-109)           /* table name kept for the library */
#define RDB_ERR_INVALID_CONFIG (-110)          /* options contradict each other or the file */
#define RDB_ERR_CALLBACK (-111)                /* a callback answered nonsense */

/* -2xx: tables. since 1.0 */
#define RDB_ERR_TABLE_MISSING (-200)      /* no table of that name */
#define RDB_ERR_TABLE_EXISTS (-201)       /* the new name is taken */
#define RDB_ERR_TABLE_TYPE (-202)         /* stored under other key or value types */
#define RDB_ERR_TABLE_IS_MULTIMAP (-203)  /* several values a key; not a plain table */
#define RDB_ERR_TABLE_NOT_MULTIMAP (-204) /* the reverse */
#define RDB_ERR_TABLE_OPEN (-205)         /* already open in this write transaction */
#define RDB_ERR_TOO_LARGE (-206)          /* key or value above the format's limit */
#define RDB_ERR_TYPE_CHANGED (-207)       /* same type name, other width */
#define RDB_ERR_UNKNOWN_KEY_TYPE (-208)   /* order of keys unknown: read in stored order */
#define RDB_ERR_MERGE_WIDTH (-209)        /* a merge made a value of the wrong length */

/* -3xx: concurrency. since 1.0 */
#define RDB_ERR_BUSY (-300)         /* transactions are open */
#define RDB_ERR_ALREADY_OPEN (-301) /* the file is open in this or another process */
#define RDB_ERR_LOCK_TIMEOUT (-302) /* another writer stayed longer than the caller would wait */
#define RDB_ERR_FORKED (-303)       /* the handle belongs to the parent process */
#define RDB_ERR_CANCELLED (-304)    /* an rdb_cancel was triggered */

/* -4xx: storage device. since 1.0 */
#define RDB_ERR_IO (-400)           /* the system refused; os_errno says why */
#define RDB_ERR_OUT_OF_SPACE (-401) /* device or quota full */
#define RDB_ERR_PREVIOUS_IO (-402)  /* an earlier failure stopped this database; open it anew */
#define RDB_ERR_READ_ONLY (-403)    /* opened for reading, or a read-only file */

/* -5xx: file content. since 1.0 */
#define RDB_ERR_CORRUPTED (-500)         /* damaged; position may name a page */
#define RDB_ERR_PAGE_CORRUPTED (-501)    /* one page is damaged; position names it */
#define RDB_ERR_FORMAT (-502)            /* not a database file, or one of an unknown format */
#define RDB_ERR_UPGRADE_REQUIRED (-503)  /* written by a program too old to be read */
#define RDB_ERR_RECOVERY_REQUIRED (-504) /* a commit failed halfway; the next open decides */
#define RDB_ERR_REPAIR_ABORTED (-505)    /* opening needed a repair, which was stopped */

/* -6xx: memory. since 1.0 */
#define RDB_ERR_NO_MEMORY (-600)     /* the allocator refused */
#define RDB_ERR_MEMORY_BUDGET (-601) /* the database's own budget is exhausted */

/* -9xx: our mistake. since 1.0 */
#define RDB_ERR_INTERNAL (-900) /* please report it */

/* Name of the constant, "RDB_NOT_FOUND" for 1. Accepts any integer: an unknown one is
 * "RDB_UNKNOWN" or "RDB_ERR_UNKNOWN" by its sign. since 1.0 */
RDB_API const char* rdb_status_name(rdb_status status);

/* position when there is none to give. since 1.0 */
#define RDB_NO_POSITION UINT64_MAX

/* What went wrong. 512 bytes, for ever. See "Error detail" above. since 1.0 */
typedef struct rdb_error {
  rdb_status status;     /* the status that was returned */
  int32_t os_errno;      /* errno of the system call that failed; 0 when none did */
  uint64_t position;     /* page number, file offset, or index within a batch; RDB_NO_POSITION */
  uint32_t message_size; /* bytes in message, without the NUL */
  uint32_t reserved[11]; /* zero */
  char message[448];     /* one sentence, UTF-8, NUL-terminated, cut at a character's end */
} rdb_error;

/* Borrowed bytes. since 1.0 */
typedef struct rdb_slice {
  const void* RDB_NULLABLE data;
  size_t size;
} rdb_slice;

/* Initialiser for a slice over a string literal, without its NUL. In C it is an expression as well,
 * and may stand where an argument is expected. since 1.0 */
#if defined(__cplusplus)
#define RDB_SLICE(literal) (rdb_slice{"" literal, sizeof(literal) - 1})
#else
#define RDB_SLICE(literal) ((rdb_slice){"" literal, sizeof(literal) - 1})
#endif

/* RDB_OK when a program that was built with this ABI version can use the library: pass
 * RDB_ABI_VERSION. RDB_ERR_LIBRARY_TOO_OLD when the header is newer, RDB_ERR_UNSUPPORTED when it
 * is of an earlier major version. since 1.0 */
RDB_API rdb_status rdb_check_abi(uint32_t header_version, rdb_error* RDB_NULLABLE err);

/* 1 when the library in use has the feature, else 0, also for names it never heard of.
 * Known: "tables" (transactions, tables, cursors), "multimaps", "memory" (rdb_open_memory),
 * "verify", "eof_mirror", "quick_repair", "compression.lz4", "compression.zstd", "merge", "bulk",
 * "ttl";
 * planned and answering 0: "blobs", "vectors", "encryption". since 1.0 */
RDB_API int32_t rdb_has_feature(rdb_slice name);

/* The handles. since 1.0 */
typedef struct rdb_db rdb_db;                   /* an open database */
typedef struct rdb_txn rdb_txn;                 /* a transaction, reading or writing */
typedef struct rdb_table rdb_table;             /* a table as one transaction sees it */
typedef struct rdb_cursor rdb_cursor;           /* a position in a table */
typedef struct rdb_value rdb_value;             /* bytes kept alive by the handle */
typedef struct rdb_result rdb_result;           /* answers of a batch */
typedef struct rdb_listing rdb_listing;         /* descriptions of tables */
typedef struct rdb_report rdb_report;           /* outcome of a verification */
typedef struct rdb_cancel rdb_cancel;           /* stops a long call from outside */
typedef struct rdb_extract rdb_extract;         /* a walk that takes records out of a table */
typedef struct rdb_reservation rdb_reservation; /* memory for a value to be stored */
typedef struct rdb_codec rdb_codec;             /* makes and reads values of a composite type */

/* Called now and then during a long operation, from the calling thread. done and total count in the
 * operation's own unit; total 0 means unknown. since 1.0 */
typedef rdb_status (*rdb_progress_fn)(void* RDB_NULLABLE ctx, uint64_t done, uint64_t total);

/* Releases a callback's context. since 1.0 */
typedef void (*rdb_drop_fn)(void* RDB_NULLABLE ctx);

/* A progress callback with its context. fn NULL: none. drop, when given, is called exactly once,
 * before the call that was given the struct returns, whatever its outcome; only when that call
 * refuses the options struct itself does it not happen. since 1.0 */
typedef struct rdb_progress {
  rdb_progress_fn RDB_NULLABLE fn;
  void* RDB_NULLABLE ctx;
  rdb_drop_fn RDB_NULLABLE drop;
} rdb_progress;

/* ------------------------------------------------------------------------------------------------
 * 3. Opening and closing
 * --------------------------------------------------------------------------------------------- */

/* rdb_options.mode. since 1.0 */
#define RDB_OPEN_CREATE 0u     /* open; create when the file is missing or empty */
#define RDB_OPEN_EXISTING 1u   /* open; a missing file is RDB_ERR_IO */
#define RDB_OPEN_READ_ONLY 2u  /* open for reading; the file is never written */
#define RDB_OPEN_CREATE_NEW 3u /* create; a file with content is RDB_ERR_IO with EEXIST */

/* rdb_options.read_verification: whether a page that enters memory has its checksum compared.
 * since 1.0 */
#define RDB_VERIFY_READS_FULL 0u
#define RDB_VERIFY_READS_NONE 1u

/* rdb_options.key_profile: byte order of internal keys in a new file. Stored in the file, and kept
 * when an existing one is opened. since 1.0 */
#define RDB_PROFILE_SHODH 0u
#define RDB_PROFILE_REDB 1u

/* Compression of values. A compressed file has format version 4: shodh-redb 0.5.0 opens it, redb
 * does not. Values of 64 bytes and more are compressed one by one where that makes them shorter;
 * keys never are. Nothing else changes for the caller, but that rdb_get_pin copies a value that was
 * compressed. since 1.0 */
#define RDB_COMPRESSION_NONE 0u
#define RDB_COMPRESSION_LZ4 1u  /* fast */
#define RDB_COMPRESSION_ZSTD 2u /* small */

/* How to open a database. All members zero: the defaults. since 1.0 */
typedef struct rdb_options {
  size_t struct_size;
  uint32_t mode;              /* RDB_OPEN_... */
  uint32_t read_verification; /* RDB_VERIFY_READS_... */

  /* Bytes of page memory. 0: a quarter of the machine's memory, at least 16 MiB and at most 1 GiB.
   * Less than 1 MiB is raised to 1 MiB. What a single operation must hold may exceed it briefly. */
  uint64_t memory_budget_bytes;

  uint32_t key_profile;  /* RDB_PROFILE_... */
  uint32_t region_pages; /* pages in one region of a new file, 1..1048576; 0: 1048576. For tests. */
  uint8_t eof_mirror;    /* 1: keep a copy of the header at the end; redb cannot read it */
  uint8_t allow_unlocked; /* 1: open even where the file system has no locks */
  /* 1: a compressed file may hold multimaps, which shodh-redb 0.5.0 could not read back, and is
   * marked so for good. New compressed files are marked from the start; without the mark multimaps
   * of a compressed file can be read and not changed. Files without compression are left alone. */
  uint8_t rdb_only;
  uint8_t reserved[5];

  /* Progress of a repair, should one be needed, in pages. RDB_STOPPED gives
   * RDB_ERR_REPAIR_ABORTED. */
  rdb_progress repair_progress;
  const rdb_cancel* RDB_NULLABLE cancel; /* stops the opening; borrowed until the call returns */

  /* RDB_COMPRESSION_...: how a new file keeps its values. An existing file keeps its own way. */
  uint32_t compression;
  /* Of zstd: 1 to 22; 0: its default, 3. Not stored: it holds for what is written until the file is
   * closed, also for an existing file. */
  uint32_t compression_level;
} rdb_options;

/* since 1.0 */
#define RDB_OPTIONS_INIT \
  { sizeof(rdb_options), 0, 0, 0, 0, 0, 0, 0, 0, {0, 0, 0, 0, 0}, {NULL, NULL, NULL}, NULL, 0, 0 }

/* Does what RDB_OPTIONS_INIT does, for callers that cannot use macros: size bytes become zero, and
 * struct_size becomes size. RDB_ERR_MISUSE when size cannot even hold struct_size. since 1.0 */
RDB_API rdb_status rdb_options_init(rdb_options* options, size_t size, rdb_error* RDB_NULLABLE err);

/* Sets one member from text. Keys are the members' names (section "option lists" below tells which
 * and what they accept), so that command lines and bindings need no code for each option.
 * RDB_ERR_UNKNOWN_OPTION: no such key. RDB_ERR_INVALID_ARGUMENT: a value it does not accept.
 * RDB_ERR_UNSUPPORTED: options->struct_size ends before the member. since 1.0 */
RDB_API rdb_status rdb_options_set(rdb_options* options, rdb_slice key, rdb_slice value,
                                   rdb_error* RDB_NULLABLE err);

/* rdb_option_info.type: what rdb_options_set takes. since 1.0 */
#define RDB_OPTION_BOOL 0u   /* true, false, on, off, yes, no, 1, 0 */
#define RDB_OPTION_UINT 1u   /* decimal digits */
#define RDB_OPTION_BYTES 2u  /* decimal digits, then K, M or G for powers of 1024 */
#define RDB_OPTION_CHOICE 3u /* one of the words in choices */

/* One option that rdb_options_set knows. Text lives as long as the library. since 1.0 */
typedef struct rdb_option_info {
  size_t struct_size;
  const char* name;
  const char* choices; /* words separated by '|'; empty unless RDB_OPTION_CHOICE */
  const char* initial; /* the default as text */
  const char* help;    /* one sentence */
  uint32_t type;       /* RDB_OPTION_... */
  uint32_t reserved;
} rdb_option_info;

/* since 1.0 */
#define RDB_OPTION_INFO_INIT \
  { sizeof(rdb_option_info), NULL, NULL, NULL, NULL, 0, 0 }

/* Option list: the number of options that rdb_options_set knows. since 1.0 */
RDB_API size_t rdb_option_count(void);

/* Option list: describes one, in a fixed order. RDB_NOT_FOUND: index is too large. since 1.0 */
RDB_API rdb_status rdb_option_at(size_t index, rdb_option_info* out, rdb_error* RDB_NULLABLE err);

/* Opens the database in the file at path, or creates one.
 *
 * A file that was not closed cleanly is repaired first, which may take as long as reading it
 * (rdb_recovery tells). While a file is open for writing it cannot be opened again, in this process
 * or another one: RDB_ERR_ALREADY_OPEN. Any number may have it open for reading instead; what
 * would be repaired is then only checked.
 *
 * options  NULL: the defaults.
 * out      released by rdb_close or rdb_close_deferred. since 1.0 */
RDB_API rdb_status rdb_open(rdb_slice path, const rdb_options* RDB_NULLABLE options, rdb_db** out,
                            rdb_error* RDB_NULLABLE err);

/* Makes a database in memory, gone when it is closed. Members about files are ignored. since 1.0 */
RDB_API rdb_status rdb_open_memory(const rdb_options* RDB_NULLABLE options, rdb_db** out,
                                   rdb_error* RDB_NULLABLE err);

/* Closes the database and releases db: makes the last commits durable and leaves a file that opens
 * without repair.
 *
 * RDB_ERR_BUSY: transactions are open; nothing happened, db stays valid. Any other error: the
 * database is closed and db released all the same; the next open repairs if it must. since 1.0 */
RDB_API rdb_status rdb_close(rdb_db* RDB_NULLABLE db, rdb_error* RDB_NULLABLE err);

/* The release for garbage-collected hosts, whose finalisers run in any order: releases db at once.
 * Transactions, tables and cursors still open answer RDB_ERR_CLOSED from now on; the file is closed
 * when the last of them is released. What fails then cannot be reported. since 1.0 */
RDB_API void rdb_close_deferred(rdb_db* RDB_NULLABLE db);

/* rdb_recovery_info.flags. since 1.0 */
#define RDB_RECOVERY_CLEAN UINT64_C(1)        /* had been closed cleanly, or was created */
#define RDB_RECOVERY_FULL_REPAIR UINT64_C(2)  /* every page was read and checked */
#define RDB_RECOVERY_OLDER_COMMIT UINT64_C(4) /* the newest commit did not verify and is lost */
#define RDB_RECOVERY_MIRROR UINT64_C(8)       /* the header came from the copy at the file's end */

/* How the last open went. since 1.0 */
typedef struct rdb_recovery_info {
  size_t struct_size;
  uint64_t flags;      /* RDB_RECOVERY_... */
  uint64_t txn_id;     /* the commit that was opened */
  uint64_t note_count; /* for rdb_recovery_note */
} rdb_recovery_info;

/* since 1.0 */
#define RDB_RECOVERY_INFO_INIT \
  { sizeof(rdb_recovery_info), 0, 0, 0 }

/* since 1.0 */
RDB_API rdb_status rdb_recovery(const rdb_db* db, rdb_recovery_info* out,
                                rdb_error* RDB_NULLABLE err);

/* One remark on the last open: a full sentence, valid until db is released. RDB_NOT_FOUND: index
 * is too large. since 1.0 */
RDB_API rdb_status rdb_recovery_note(const rdb_db* db, uint64_t index, rdb_slice* out,
                                     rdb_error* RDB_NULLABLE err);

/* ------------------------------------------------------------------------------------------------
 * 4. Transactions
 *
 * A transaction sees the database as it was when it began, and a writer its own changes too.
 * Readers and the writer never wait for each other; there is one writer at a time. An open reader
 * keeps the pages of its snapshot from being reused, so long ones let the file grow.
 * --------------------------------------------------------------------------------------------- */

/* Kind of a transaction. A function that changes something answers RDB_ERR_MISUSE on a reader or
 * one of its tables or cursors. since 1.0 */
#define RDB_TXN_READ 0u
#define RDB_TXN_WRITE 1u

/* rdb_txn_options.wait: how long to wait for another writer. since 1.0 */
#define RDB_WAIT_FOREVER 0u
#define RDB_WAIT_NOT 1u     /* answer RDB_ERR_LOCK_TIMEOUT at once */
#define RDB_WAIT_TIMEOUT 2u /* wait for timeout_ms, then answer RDB_ERR_LOCK_TIMEOUT */

/* When a commit's changes survive a crash. They are visible at once either way. since 1.0 */
#define RDB_DURABILITY_IMMEDIATE 0u /* when rdb_txn_commit returns */
#define RDB_DURABILITY_NONE 1u      /* with the next durable commit or clean close */

/* How to begin a transaction. All members zero: the defaults. Readers look at none of them.
 * since 1.0 */
typedef struct rdb_txn_options {
  size_t struct_size;
  uint32_t wait;        /* RDB_WAIT_... */
  uint32_t durability;  /* RDB_DURABILITY_..., as rdb_txn_set_durability */
  uint64_t timeout_ms;  /* milliseconds, for RDB_WAIT_TIMEOUT */
  uint8_t two_phase;    /* as rdb_txn_set_two_phase */
  uint8_t quick_repair; /* as rdb_txn_set_quick_repair */
  uint8_t reserved[6];
  const rdb_cancel* RDB_NULLABLE cancel; /* stops the waiting; borrowed until the call returns */
} rdb_txn_options;

/* since 1.0 */
#define RDB_TXN_OPTIONS_INIT \
  { sizeof(rdb_txn_options), 0, 0, 0, 0, 0, {0, 0, 0, 0, 0, 0}, NULL }

/* As rdb_options_init. since 1.0 */
RDB_API rdb_status rdb_txn_options_init(rdb_txn_options* options, size_t size,
                                        rdb_error* RDB_NULLABLE err);

/* Begins a transaction.
 *
 * RDB_ERR_READ_ONLY: a writer on a database that was opened for reading.
 * RDB_ERR_LOCK_TIMEOUT, RDB_ERR_CANCELLED: another writer stayed.
 * RDB_ERR_MISUSE: a writer is open, options set no limit to the wait, and the process has no other
 * thread that could end that writer (where glibc or /proc tells).
 *
 * A writer may be ended by another thread than the one that began it, so nothing else can tell a
 * wait that will end from one that will not: among several threads, one that waits here for a
 * writer that only itself would end waits for ever. Set a timeout where that could happen.
 *
 * kind     RDB_TXN_READ or RDB_TXN_WRITE.
 * options  NULL: the defaults.
 * out      released by rdb_txn_commit or rdb_txn_abort. since 1.0 */
RDB_API rdb_status rdb_txn_begin(const rdb_db* db, uint32_t kind,
                                 const rdb_txn_options* RDB_NULLABLE options, rdb_txn** out,
                                 rdb_error* RDB_NULLABLE err);

/* Commits txn and releases it, whatever the outcome.
 *
 * RDB_OK: every change made through txn is visible to later transactions, and durable as far as the
 * durability set on txn promises. RDB_ERR_RECOVERY_REQUIRED: the next open decides between the old
 * and the new state, and this database takes no more work. Any other error: nothing changed.
 *
 * txn  owned by the call and invalid afterwards; a reader gives RDB_ERR_MISUSE and is released too.
 *      NULL gives RDB_ERR_MISUSE. since 1.0 */
RDB_API rdb_status rdb_txn_commit(rdb_txn* txn, rdb_error* RDB_NULLABLE err);

/* Ends a reader, or takes back everything a writer did, and releases txn, whatever the outcome.
 * since 1.0 */
RDB_API rdb_status rdb_txn_abort(rdb_txn* RDB_NULLABLE txn, rdb_error* RDB_NULLABLE err);

/* A reader: the number of the commit it sees. A writer: that of its commit to be. since 1.0 */
RDB_API rdb_status rdb_txn_id(const rdb_txn* txn, uint64_t* out, rdb_error* RDB_NULLABLE err);

/* Chooses RDB_DURABILITY_... for the commit of txn. since 1.0 */
RDB_API rdb_status rdb_txn_set_durability(rdb_txn* txn, uint32_t durability,
                                          rdb_error* RDB_NULLABLE err);

/* on != 0: the commit syncs twice, so that recovery need not rely on checksums to tell whether it
 * was whole. since 1.0 */
RDB_API rdb_status rdb_txn_set_two_phase(rdb_txn* txn, int32_t on, rdb_error* RDB_NULLABLE err);

/* on != 0: two-phase, and the state of the page allocator is stored with the commit, so that
 * opening after a crash reads no pages. since 1.0 */
RDB_API rdb_status rdb_txn_set_quick_repair(rdb_txn* txn, int32_t on, rdb_error* RDB_NULLABLE err);

/* ------------------------------------------------------------------------------------------------
 * 5. Tables
 *
 * A table maps keys to values in the order of its keys. Keys and values are byte strings here; the
 * types stored with the table say what the bytes mean and how keys are ordered, and must match
 * whenever the table is opened. Within a write transaction a table can be open once at a time.
 * --------------------------------------------------------------------------------------------- */

/* rdb_type.type_class. Stored in files. since 1.0 */
#define RDB_TYPE_BUILTIN 1u /* &[u8], &str, u64, (u32,u64) ... */
#define RDB_TYPE_USER_DEFINED                                                             \
  2u                      /* a name of an application's, or of its chrono and uuid crates \
                           */
#define RDB_TYPE_TUPLE 3u /* tuple with parts of variable width */

/* rdb_type.flags. The name of a type does not tell how a tuple of variable width is encoded that is
 * part of another type: Option<(u64,&str)>. It is taken to be as redb 3 writes it, and inside a
 * tuple of redb 2 (class builtin, variable width) as redb 2 did. Not stored; both together are
 * RDB_ERR_INVALID_ARGUMENT. since 1.0 */
#define RDB_TYPE_NESTED_LEGACY 1u /* nested tuples are as redb 2 wrote them */
#define RDB_TYPE_NESTED_MODERN 2u /* nested tuples are as redb 3 writes them */

/* A key or value type: class and name as stored in the file. Two types are the same when both are.
 * since 1.0 */
typedef struct rdb_type {
  rdb_slice name; /* "u64", "&str" ... */
  uint32_t type_class;
  uint32_t flags; /* RDB_TYPE_NESTED_... */
} rdb_type;

/* Initialiser for an rdb_type of class builtin. since 1.0 */
#define RDB_TYPE_INIT(literal) \
  { {"" literal, sizeof(literal) - 1}, RDB_TYPE_BUILTIN, 0 }

/* rdb_table_info.kind. Stored in files. since 1.0 */
#define RDB_TABLE_NORMAL 3u
#define RDB_TABLE_MULTIMAP 4u /* several values a key: section 11 */

/* rdb_table_info.key_width, value_width of types of variable width. since 1.0 */
#define RDB_WIDTH_VARIABLE UINT32_MAX

/* What the catalog knows of a table. Slices live as long as the object that was asked. since 1.0 */
typedef struct rdb_table_info {
  size_t struct_size;
  rdb_slice name;
  rdb_type key_type;
  rdb_type value_type;
  uint64_t entries; /* multimap: pairs */
  uint32_t kind;    /* RDB_TABLE_... */
  uint32_t key_width;
  uint32_t value_width;
  uint8_t key_order_known; /* 0: rows can only be read, in stored order */
  uint8_t reserved[3];
} rdb_table_info;

/* since 1.0 */
/* clang-format off */
#define RDB_TABLE_INFO_INIT                                                                 \
  { sizeof(rdb_table_info), {NULL, 0}, {{NULL, 0}, 0, 0}, {{NULL, 0}, 0, 0}, 0, 0, 0, 0, 0, \
    {0, 0, 0} }
/* clang-format on */

/* Opens a table. A write transaction creates it when it is missing.
 *
 * RDB_ERR_TABLE_MISSING: not there, and txn is a reader. RDB_ERR_TABLE_TYPE, RDB_ERR_TYPE_CHANGED,
 * RDB_ERR_TABLE_IS_MULTIMAP: stored otherwise. RDB_ERR_TABLE_OPEN: already open in this
 * write transaction. RDB_ERR_RESERVED_NAME: kept for the library.
 *
 * key, value  NULL: RDB_TYPE_BUILTIN "&[u8]", byte strings in byte order.
 * out         released by rdb_table_close. since 1.0 */
RDB_API rdb_status rdb_table_open(const rdb_txn* txn, rdb_slice name,
                                  const rdb_type* RDB_NULLABLE key,
                                  const rdb_type* RDB_NULLABLE value, rdb_table** out,
                                  rdb_error* RDB_NULLABLE err);

/* Opens a table whatever its types are, and never creates one: RDB_ERR_TABLE_MISSING. Where the
 * order of the keys is not known, searching and changing by key answer RDB_ERR_UNKNOWN_KEY_TYPE,
 * and a cursor moves in stored order. since 1.0 */
RDB_API rdb_status rdb_table_open_raw(const rdb_txn* txn, rdb_slice name, rdb_table** out,
                                      rdb_error* RDB_NULLABLE err);

/* Compares two keys: below, equal to or above 0 as a comes before, with or after b. Must be a total
 * order over all byte strings and the same for ever, on every machine: the file is built by it, and
 * one that changes makes keys unfindable. Called from any thread that uses the table, several at
 * once; must not fail, and may call nothing of rdb. since 1.0 */
typedef int32_t (*rdb_compare_fn)(void* RDB_NULLABLE ctx, rdb_slice a, rdb_slice b);

/* What an application knows of a type of its own, and the library does not. since 1.0 */
typedef struct rdb_user_type {
  size_t struct_size;
  uint32_t width; /* bytes of every value, or RDB_WIDTH_VARIABLE; 0: not known, opens only */
  uint32_t reserved;
  rdb_compare_fn RDB_NULLABLE compare; /* NULL: no order; enough for values of tables */
  void* RDB_NULLABLE ctx;
  rdb_drop_fn RDB_NULLABLE drop; /* called once with ctx, when nothing can call compare any more */
} rdb_user_type;

/* since 1.0 */
#define RDB_USER_TYPE_INIT \
  { sizeof(rdb_user_type), 0, 0, NULL, NULL, NULL }

/* As rdb_options_init. since 1.0 */
RDB_API rdb_status rdb_user_type_init(rdb_user_type* type, size_t size,
                                      rdb_error* RDB_NULLABLE err);

/* Opens a table with types of the application's own, as rdb_table_open does otherwise. Where the
 * library knows the type, its user type must be NULL or name no order: RDB_ERR_INVALID_ARGUMENT.
 * Creating a table needs the widths: RDB_ERR_UNKNOWN_KEY_TYPE, RDB_ERR_UNSUPPORTED. A width that
 * is not the stored one is RDB_ERR_TYPE_CHANGED.
 *
 * The order is used by this table, its cursors, and the transaction as long as it lives; drop is
 * called after the last of them, or before the call returns when it fails. It is not called when
 * the call refuses the struct itself. since 1.0 */
RDB_API rdb_status rdb_table_open_user(const rdb_txn* txn, rdb_slice name, const rdb_type* key,
                                       const rdb_user_type* RDB_NULLABLE key_user,
                                       const rdb_type* value,
                                       const rdb_user_type* RDB_NULLABLE value_user,
                                       rdb_table** out, rdb_error* RDB_NULLABLE err);

/* Releases table. Its changes stay part of the transaction. While cursors over it are open they go
 * on working, and the table counts as open in its transaction until the last of them is closed.
 * since 1.0 */
RDB_API rdb_status rdb_table_close(rdb_table* RDB_NULLABLE table, rdb_error* RDB_NULLABLE err);

/* Describes an open table. since 1.0 */
RDB_API rdb_status rdb_table_describe(const rdb_table* table, rdb_table_info* out,
                                      rdb_error* RDB_NULLABLE err);

/* Lists the tables that txn sees, of both kinds, ordered by name; those the library keeps for
 * itself are left out.
 * out  released by rdb_listing_free. since 1.0 */
RDB_API rdb_status rdb_table_list(const rdb_txn* txn, rdb_listing** out,
                                  rdb_error* RDB_NULLABLE err);

/* As rdb_table_list, for the one table called name. RDB_NOT_FOUND: there is none, and *out is NULL.
 * since 1.0 */
RDB_API rdb_status rdb_table_find(const rdb_txn* txn, rdb_slice name, rdb_listing** out,
                                  rdb_error* RDB_NULLABLE err);

/* Number of tables in a listing. 0 for NULL and for what is no listing. since 1.0 */
RDB_API size_t rdb_listing_count(const rdb_listing* RDB_NULLABLE listing);

/* Describes one table of a listing. RDB_NOT_FOUND: index is too large. since 1.0 */
RDB_API rdb_status rdb_listing_at(const rdb_listing* listing, size_t index, rdb_table_info* out,
                                  rdb_error* RDB_NULLABLE err);

/* since 1.0 */
RDB_API void rdb_listing_free(rdb_listing* RDB_NULLABLE listing);

/* Gives a table another name; it must not be open. Both kinds.
 * RDB_ERR_TABLE_MISSING, RDB_ERR_TABLE_OPEN; RDB_ERR_TABLE_EXISTS: to is another table, or the
 * same; when that is of the other kind, RDB_ERR_TABLE_IS_MULTIMAP or RDB_ERR_TABLE_NOT_MULTIMAP, as
 * it is. since 1.0 */
RDB_API rdb_status rdb_table_rename(rdb_txn* txn, rdb_slice from, rdb_slice to,
                                    rdb_error* RDB_NULLABLE err);

/* Deletes a table and all it holds; it must not be open. Both kinds. RDB_NOT_FOUND: there is none.
 * since 1.0 */
RDB_API rdb_status rdb_table_delete(rdb_txn* txn, rdb_slice name, rdb_error* RDB_NULLABLE err);

/* Number of entries. since 1.0 */
RDB_API rdb_status rdb_table_len(const rdb_table* table, uint64_t* out,
                                 rdb_error* RDB_NULLABLE err);

/* Figures of one table. since 1.0 */
typedef struct rdb_table_stats_info {
  size_t struct_size;
  uint64_t entries;
  uint64_t leaf_pages;
  uint64_t branch_pages;
  uint64_t stored_leaf_bytes; /* keys and values */
  uint64_t metadata_bytes;    /* what the tree adds to them */
  uint64_t fragmented_bytes;  /* unused parts of its pages */
  uint32_t tree_height;       /* 0: empty */
  uint32_t reserved;
} rdb_table_stats_info;

/* since 1.0 */
#define RDB_TABLE_STATS_INFO_INIT \
  { sizeof(rdb_table_stats_info), 0, 0, 0, 0, 0, 0, 0, 0 }

/* Walks the whole table for its figures.
 * cancel  stops the walk; borrowed until the call returns. since 1.0 */
RDB_API rdb_status rdb_table_stats(const rdb_table* table, const rdb_cancel* RDB_NULLABLE cancel,
                                   rdb_table_stats_info* out, rdb_error* RDB_NULLABLE err);

/* ------------------------------------------------------------------------------------------------
 * 6. Records
 *
 * A key or value whose length contradicts a type of fixed width is RDB_ERR_INVALID_ARGUMENT, and so
 * is one to be stored that is no value of its type: text that is not UTF-8, a date that does not
 * exist, a tuple whose lengths do not fit. A change that fails leaves the table as it was; when
 * that is impossible, the transaction can only be aborted, and says so.
 * --------------------------------------------------------------------------------------------- */

/* Reads the value of key without copying it: the handle pins the page it lies on. In a write
 * transaction the handle holds a copy. A pin counts against the memory budget and may be kept as
 * long as wished, after its transaction and database too. RDB_NOT_FOUND: no such key; *out is NULL.
 * out  released by rdb_value_free. since 1.0 */
RDB_API rdb_status rdb_get_pin(const rdb_table* table, rdb_slice key, rdb_value** out,
                               rdb_error* RDB_NULLABLE err);

/* Copies the value of key into buffer. RDB_OK: *size bytes were written. RDB_MORE: the value has
 * *size bytes, more than capacity; buffer is untouched. RDB_NOT_FOUND: *size is untouched.
 * buffer  may be NULL when capacity is 0, to ask for the size. since 1.0 */
RDB_API rdb_status rdb_get_into(const rdb_table* table, rdb_slice key, void* RDB_NULLABLE buffer,
                                size_t capacity, size_t* size, rdb_error* RDB_NULLABLE err);

/* RDB_OK: key is there. RDB_NOT_FOUND: it is not. since 1.0 */
RDB_API rdb_status rdb_contains(const rdb_table* table, rdb_slice key, rdb_error* RDB_NULLABLE err);

/* Flags of rdb_put; both together are RDB_ERR_INVALID_ARGUMENT. since 1.0 */
#define RDB_PUT_INSERT_ONLY UINT64_C(1) /* RDB_EXISTS, and no change, when the key is there */
#define RDB_PUT_UPDATE_ONLY UINT64_C(2) /* RDB_NOT_FOUND, and no change, when it is not */

/* Stores value under key, replacing what was there. flags: RDB_PUT_..., or 0. since 1.0 */
RDB_API rdb_status rdb_put(rdb_table* table, rdb_slice key, rdb_slice value, uint64_t flags,
                           rdb_error* RDB_NULLABLE err);

/* Deletes key. RDB_NOT_FOUND: it was not there. since 1.0 */
RDB_API rdb_status rdb_delete(rdb_table* table, rdb_slice key, rdb_error* RDB_NULLABLE err);

/* Takes the first record out of the table. RDB_NOT_FOUND: the table is empty; both are NULL.
 * key, value  each released by rdb_value_free; a NULL address: not wanted. since 1.0 */
RDB_API rdb_status rdb_pop_first(rdb_table* table, rdb_value* RDB_NULLABLE* RDB_NULLABLE key,
                                 rdb_value* RDB_NULLABLE* RDB_NULLABLE value,
                                 rdb_error* RDB_NULLABLE err);

/* The same for the last record. since 1.0 */
RDB_API rdb_status rdb_pop_last(rdb_table* table, rdb_value* RDB_NULLABLE* RDB_NULLABLE key,
                                rdb_value* RDB_NULLABLE* RDB_NULLABLE value,
                                rdb_error* RDB_NULLABLE err);

/* The bytes of a value, valid until rdb_value_free. Empty for NULL and for what is no value.
 * since 1.0 */
RDB_API rdb_slice rdb_value_data(const rdb_value* RDB_NULLABLE value);

/* since 1.0 */
RDB_API void rdb_value_free(rdb_value* RDB_NULLABLE value);

/* ------------------------------------------------------------------------------------------------
 * 7. Batches
 *
 * One call for many records. A batch has the effect of the order given, and stops at its first
 * error, whose position is then the index of the record; what came before it stays done (puts say
 * more).
 *
 * The _packed forms take or give records in one piece of memory, without pointers:
 *
 *     packed record   u32 key size, u32 value size, key, value, zeros up to a multiple of 4
 *     packed key      u32 key size, key, zeros up to a multiple of 4
 *     packed answer   u32 value size, or 0xffffffff for "not found"; value, zeros likewise
 *
 * all little-endian, one directly behind the other. Padding belongs to the last record too. Bytes
 * that do not parse so are RDB_ERR_INVALID_ARGUMENT; the content of padding is not looked at.
 * --------------------------------------------------------------------------------------------- */

/* Makes an empty result; batches fill it again and again and keep its memory.
 * out  released by rdb_result_free. since 1.0 */
RDB_API rdb_status rdb_result_create(rdb_result** out, rdb_error* RDB_NULLABLE err);

/* since 1.0 */
RDB_API void rdb_result_free(rdb_result* RDB_NULLABLE result);

/* Reads the values of count keys into result, in their order, replacing what it held. After an
 * error the result is empty. since 1.0 */
RDB_API rdb_status rdb_get_batch(const rdb_table* table, const rdb_slice* RDB_NULLABLE keys,
                                 size_t count, rdb_result* result, rdb_error* RDB_NULLABLE err);

/* The same for packed keys. since 1.0 */
RDB_API rdb_status rdb_get_batch_packed(const rdb_table* table, rdb_slice packed_keys,
                                        rdb_result* result, rdb_error* RDB_NULLABLE err);

/* Number of answers. 0 for NULL and for what is no result. since 1.0 */
RDB_API size_t rdb_result_count(const rdb_result* RDB_NULLABLE result);

/* One answer. RDB_OK: value is set, and valid until result is filled again or released.
 * RDB_NOT_FOUND: the key was not there. RDB_ERR_INVALID_ARGUMENT: index is too large. since 1.0 */
RDB_API rdb_status rdb_result_at(const rdb_result* result, size_t index, rdb_slice* value,
                                 rdb_error* RDB_NULLABLE err);

/* Copies all answers into buffer as packed answers. *size: bytes written, or with RDB_MORE bytes
 * needed. RDB_ERR_TOO_LARGE: a value does not fit a packed answer. since 1.0 */
RDB_API rdb_status rdb_result_pack(const rdb_result* result, void* RDB_NULLABLE buffer,
                                   size_t capacity, size_t* size, rdb_error* RDB_NULLABLE err);

/* Stores count records, as rdb_put of each in turn would; flags as there, and a record that they
 * forbid is passed over. The records are sorted first, and an empty table is built from them at
 * once: many records in one call are worth much more than the calls they save.
 *
 * A record that breaks a rule (its type's, the format's limits) stops the batch: position is its
 * index, and the records before it are stored. After any other error (device, memory, a damaged
 * page) it is not known which records are stored; position is the index of one that could not be,
 * or RDB_NO_POSITION.
 *
 * written  number of records that were stored. since 1.0 */
RDB_API rdb_status rdb_put_batch(rdb_table* table, const rdb_slice* RDB_NULLABLE keys,
                                 const rdb_slice* RDB_NULLABLE values, size_t count, uint64_t flags,
                                 uint64_t* RDB_NULLABLE written, rdb_error* RDB_NULLABLE err);

/* The same for packed records. since 1.0 */
RDB_API rdb_status rdb_put_batch_packed(rdb_table* table, rdb_slice packed_records, uint64_t flags,
                                        uint64_t* RDB_NULLABLE written,
                                        rdb_error* RDB_NULLABLE err);

/* Deletes count keys.
 * deleted  number of keys that were there. since 1.0 */
RDB_API rdb_status rdb_delete_batch(rdb_table* table, const rdb_slice* RDB_NULLABLE keys,
                                    size_t count, uint64_t* RDB_NULLABLE deleted,
                                    rdb_error* RDB_NULLABLE err);

/* The same for packed keys. since 1.0 */
RDB_API rdb_status rdb_delete_batch_packed(rdb_table* table, rdb_slice packed_keys,
                                           uint64_t* RDB_NULLABLE deleted,
                                           rdb_error* RDB_NULLABLE err);

/* ------------------------------------------------------------------------------------------------
 * 8. Cursors
 *
 * A cursor stands on an entry, or before the first, or past the last. A fresh one stands before the
 * first: rdb_cursor_next goes to the first entry, rdb_cursor_prev to the last. Every move hands out
 * the entry it arrives at; key and value may be NULL when they are not wanted. The slices are
 * valid until the next call on that cursor.
 *
 * In a write transaction a cursor sees the transaction's changes. When its table is changed other
 * than through the cursor itself, moves answer RDB_ERR_MISUSE until the cursor is placed anew
 * with rdb_cursor_first, rdb_cursor_last or one of the seeks.
 *
 * A move that cannot read a page leaves the cursor as a fresh one: the next rdb_cursor_next begins
 * at the first entry again. A change through the cursor that fails leaves it where it was, or in a
 * multimap as a fresh one. In a table whose values expire, a move onto a value that does not decode
 * fails there, and the next one goes on behind it. A batch of entries ends before a value that does
 * not decode; the next batch fails there, and the one after it goes on behind it. A batch of a
 * multimap's pairs ends before a key whose values cannot be read; the next one fails as a move
 * does. A batch that cannot read the next leaf, of the table or of a key's values, fails as a
 * whole.
 * --------------------------------------------------------------------------------------------- */

/* out  released by rdb_cursor_close. since 1.0 */
RDB_API rdb_status rdb_cursor_open(const rdb_table* table, rdb_cursor** out,
                                   rdb_error* RDB_NULLABLE err);

/* since 1.0 */
RDB_API rdb_status rdb_cursor_close(rdb_cursor* RDB_NULLABLE cursor, rdb_error* RDB_NULLABLE err);

/* Goes to the first entry. RDB_END: there is none. since 1.0 */
RDB_API rdb_status rdb_cursor_first(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
                                    rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);

/* Goes to the last entry. RDB_END: there is none. since 1.0 */
RDB_API rdb_status rdb_cursor_last(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
                                   rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);

/* Goes to the next entry. RDB_END: past the last; rdb_cursor_prev then goes back to it.
 * since 1.0 */
RDB_API rdb_status rdb_cursor_next(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
                                   rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);

/* Goes to the entry before. RDB_END: before the first; rdb_cursor_next then goes back to it.
 * since 1.0 */
RDB_API rdb_status rdb_cursor_prev(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
                                   rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);

/* Goes to the first entry whose key is target or greater. RDB_NOT_FOUND: there is none.
 * since 1.0 */
RDB_API rdb_status rdb_cursor_seek(rdb_cursor* cursor, rdb_slice target,
                                   rdb_slice* RDB_NULLABLE key, rdb_slice* RDB_NULLABLE value,
                                   rdb_error* RDB_NULLABLE err);

/* Goes to the entry whose key is target. RDB_NOT_FOUND: there is none, and the cursor stands where
 * rdb_cursor_seek would have put it. since 1.0 */
RDB_API rdb_status rdb_cursor_seek_exact(rdb_cursor* cursor, rdb_slice target,
                                         rdb_slice* RDB_NULLABLE key, rdb_slice* RDB_NULLABLE value,
                                         rdb_error* RDB_NULLABLE err);

/* Goes to the last entry whose key is target or smaller. RDB_NOT_FOUND: there is none. since 1.0 */
RDB_API rdb_status rdb_cursor_seek_le(rdb_cursor* cursor, rdb_slice target,
                                      rdb_slice* RDB_NULLABLE key, rdb_slice* RDB_NULLABLE value,
                                      rdb_error* RDB_NULLABLE err);

/* The entry under the cursor. RDB_NOT_FOUND: it stands on none. since 1.0 */
RDB_API rdb_status rdb_cursor_get(const rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
                                  rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);

/* rdb_range.lower_bound, upper_bound. since 1.0 */
#define RDB_BOUND_NONE 0u     /* no limit; the key is not looked at */
#define RDB_BOUND_INCLUDED 1u /* the key belongs to the range */
#define RDB_BOUND_EXCLUDED 2u /* the range ends just before, or begins just behind, the key */

/* A part of a table's keys. since 1.0 */
typedef struct rdb_range {
  rdb_slice lower;
  rdb_slice upper;
  uint32_t lower_bound; /* RDB_BOUND_... */
  uint32_t upper_bound;
} rdb_range;

/* Confines the cursor to a range and puts it before the first entry in there; every later move and
 * search stays inside. Keys are copied. range NULL: the whole table again. since 1.0 */
RDB_API rdb_status rdb_cursor_set_range(rdb_cursor* cursor, const rdb_range* RDB_NULLABLE range,
                                        rdb_error* RDB_NULLABLE err);

/* Moves over up to capacity following entries and hands them out together; the cursor then stands
 * on the last of them. RDB_OK: *count, at least 1, entries were filled in. A batch may end early,
 * so a small count does not mean the end. RDB_END: there are no more; *count is 0.
 * values  may be NULL. since 1.0 */
RDB_API rdb_status rdb_cursor_next_batch(rdb_cursor* cursor, rdb_slice* keys,
                                         rdb_slice* RDB_NULLABLE values, size_t capacity,
                                         size_t* count, rdb_error* RDB_NULLABLE err);

/* Moves over following entries and copies them into buffer as packed records, as many as fit and
 * at most max_records (0: no limit). RDB_OK: *count records, at least 1, in *size bytes. RDB_MORE:
 * not even the next record fits, it needs *size bytes; the cursor did not move, *count is 0.
 * RDB_END: there are no more; both are 0. since 1.0 */
RDB_API rdb_status rdb_cursor_next_batch_packed(rdb_cursor* cursor, void* RDB_NULLABLE buffer,
                                                size_t capacity, size_t max_records, size_t* size,
                                                size_t* count, rdb_error* RDB_NULLABLE err);

/* Deletes the entry under the cursor, which then stands between its neighbours: rdb_cursor_next
 * goes to the entry behind the deleted one. RDB_NOT_FOUND: it stands on none. since 1.0 */
RDB_API rdb_status rdb_cursor_delete(rdb_cursor* cursor, rdb_error* RDB_NULLABLE err);

/* ------------------------------------------------------------------------------------------------
 * 9. Verification and figures
 * --------------------------------------------------------------------------------------------- */

/* rdb_verify_options.level; each includes the ones before. since 1.0 */
#define RDB_VERIFY_HEADER 0u    /* header and commit slots */
#define RDB_VERIFY_CHECKSUMS 1u /* checksum of every page in use */
#define RDB_VERIFY_FULL 2u /* structure of every tree, order of keys, counts, page accounting */

/* since 1.0 */
typedef struct rdb_verify_options {
  size_t struct_size;
  uint32_t level; /* RDB_VERIFY_... */
  uint32_t reserved;
  rdb_progress progress;                 /* in pages */
  const rdb_cancel* RDB_NULLABLE cancel; /* borrowed until the call returns */
} rdb_verify_options;

/* since 1.0 */
#define RDB_VERIFY_OPTIONS_INIT \
  { sizeof(rdb_verify_options), 0, 0, {NULL, NULL, NULL}, NULL }

/* As rdb_options_init. since 1.0 */
RDB_API rdb_status rdb_verify_options_init(rdb_verify_options* options, size_t size,
                                           rdb_error* RDB_NULLABLE err);

/* Checks the last durable state of the database, while readers and the writer go on.
 *
 * RDB_OK: the check was made; *out says what it found, damage included. RDB_STOPPED: the progress
 * callback asked to stop; *out is NULL.
 *
 * options  NULL: RDB_VERIFY_HEADER.
 * out      released by rdb_report_free. since 1.0 */
RDB_API rdb_status rdb_verify(const rdb_db* db, const rdb_verify_options* RDB_NULLABLE options,
                              rdb_report** out, rdb_error* RDB_NULLABLE err);

/* What a verification saw. since 1.0 */
typedef struct rdb_report_info {
  size_t struct_size;
  uint64_t pages_checked;
  uint64_t tables_checked;
  uint64_t entries_checked;
  uint64_t leaked_pages;  /* taken, but reachable from nothing and held by nothing: harmless */
  uint64_t problem_count; /* 0: all is well */
} rdb_report_info;

/* since 1.0 */
#define RDB_REPORT_INFO_INIT \
  { sizeof(rdb_report_info), 0, 0, 0, 0, 0 }

/* since 1.0 */
RDB_API rdb_status rdb_report_describe(const rdb_report* report, rdb_report_info* out,
                                       rdb_error* RDB_NULLABLE err);

/* One finding. Slices live as long as the report. since 1.0 */
typedef struct rdb_problem_info {
  size_t struct_size;
  rdb_slice object;  /* where: header, a table, a page ... */
  rdb_slice what;    /* what is wrong */
  rdb_slice meaning; /* what it means for the user */
  uint64_t page;     /* page number; RDB_NO_POSITION when it is not about one */
} rdb_problem_info;

/* since 1.0 */
#define RDB_PROBLEM_INFO_INIT \
  { sizeof(rdb_problem_info), {NULL, 0}, {NULL, 0}, {NULL, 0}, 0 }

/* RDB_NOT_FOUND: index is too large. since 1.0 */
RDB_API rdb_status rdb_report_problem(const rdb_report* report, uint64_t index,
                                      rdb_problem_info* out, rdb_error* RDB_NULLABLE err);

/* since 1.0 */
RDB_API void rdb_report_free(rdb_report* RDB_NULLABLE report);

/* Figures of an open database. Those "since open" only grow. Pages are base pages. since 1.0 */
typedef struct rdb_stats_info {
  size_t struct_size;
  uint64_t file_bytes;
  uint64_t page_bytes;      /* size of a base page */
  uint64_t allocated_pages; /* in use, or held by readers; 0 when opened for reading */
  uint64_t free_pages;
  uint64_t pending_free_pages; /* wait for readers, pins or a durable commit */
  uint64_t resident_bytes;     /* page memory in use, opened_bytes included */
  uint64_t pinned_bytes;       /* part of it that values and cursors hold */
  uint64_t memory_budget_bytes;
  uint64_t live_readers;    /* open read transactions */
  uint64_t last_txn_id;     /* newest commit */
  uint64_t durable_txn_id;  /* newest commit that survives a crash */
  uint64_t commits;         /* since open */
  uint64_t bytes_written;   /* since open; zeros written ahead into grown space left out */
  uint64_t write_calls;     /* since open, likewise */
  uint64_t bytes_read;      /* since open */
  uint64_t read_calls;      /* since open */
  uint64_t syncs;           /* since open */
  uint64_t pages_allocated; /* since open, handed to transactions */
  uint64_t pages_evicted;   /* since open */
  uint64_t opened_bytes;    /* compressed values that are kept decompressed for the next scan */
} rdb_stats_info;

/* since 1.0 */
#define RDB_STATS_INFO_INIT \
  { sizeof(rdb_stats_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* since 1.0 */
RDB_API rdb_status rdb_stats(const rdb_db* db, rdb_stats_info* out, rdb_error* RDB_NULLABLE err);

/* ------------------------------------------------------------------------------------------------
 * 10. Cancellation
 * --------------------------------------------------------------------------------------------- */

/* Makes a cancel handle, to be named in the options of long calls; one may serve several calls.
 * out  released by rdb_cancel_free, after the calls it was given to have returned. since 1.0 */
RDB_API rdb_status rdb_cancel_create(rdb_cancel** out, rdb_error* RDB_NULLABLE err);

/* Makes the calls that were given cancel answer RDB_ERR_CANCELLED soon, and later ones at once,
 * until rdb_cancel_reset. From any thread, and from signal handlers. NULL does nothing.
 * since 1.0 */
RDB_API void rdb_cancel_trigger(const rdb_cancel* RDB_NULLABLE cancel);

/* Takes the trigger back. NULL does nothing. since 1.0 */
RDB_API void rdb_cancel_reset(const rdb_cancel* RDB_NULLABLE cancel);

/* since 1.0 */
RDB_API void rdb_cancel_free(rdb_cancel* RDB_NULLABLE cancel);

/* ------------------------------------------------------------------------------------------------
 * 11. Composite keys and values
 *
 * Tuples, options, arrays and lists as tables store them, written and read item by item, outermost
 * first. Scalars go the same way, so one codec serves any type. What is made equals byte for byte
 * what the Rust engines make of such a value.
 *
 *     rdb_codec *codec;
 *     const rdb_type type = {RDB_SLICE("(&str,u64)"), RDB_TYPE_TUPLE, 0};
 *     rdb_slice key;
 *     if (rdb_codec_create(&type, &codec, &err) < 0) ...
 *     if (rdb_codec_put_bytes(codec, RDB_SLICE("editors"), &err) < 0) ...
 *     if (rdb_codec_put_unsigned(codec, 7, &err) < 0) ...
 *     if (rdb_codec_finish(codec, &key, &err) < 0) ...
 *     if (rdb_put(table, key, value, 0, &err) < 0) ...
 *
 * The item kinds of a type:
 *
 *     ()                               RDB_ITEM_UNIT
 *     bool, char                       RDB_ITEM_BOOL, RDB_ITEM_CHAR
 *     u8..u128, i8..i128               RDB_ITEM_UNSIGNED, RDB_ITEM_SIGNED
 *     f32, f64                         RDB_ITEM_REAL
 *     &str, String                     RDB_ITEM_TEXT
 *     &[u8], [u8;N], redb::...         RDB_ITEM_BYTES
 *     uuid::Uuid                       RDB_ITEM_UUID
 *     chrono::NaiveDate and the like   RDB_ITEM_DATE, _TIME, _DATE_TIME, _ZONED, _OFFSET
 *     Option<T>                        RDB_ITEM_NONE; or RDB_ITEM_SOME, then the items of a T
 *     (A,B), [T;N]                     RDB_ITEM_TUPLE, RDB_ITEM_ARRAY, then the items of each
 * member Vec<T>                           RDB_ITEM_LIST, then the items of each element
 * --------------------------------------------------------------------------------------------- */

/* rdb_item.kind. since 1.0 */
#define RDB_ITEM_STORED 0u   /* written only: a whole member, already encoded */
#define RDB_ITEM_UNIT 1u     /* nothing */
#define RDB_ITEM_BOOL 2u     /* low: 0 or 1 */
#define RDB_ITEM_CHAR 3u     /* low: a Unicode scalar value */
#define RDB_ITEM_UNSIGNED 4u /* low, high */
#define RDB_ITEM_SIGNED 5u   /* low, high: two's complement in 128 bits */
#define RDB_ITEM_REAL 6u     /* real */
#define RDB_ITEM_TEXT 7u     /* bytes: UTF-8 */
#define RDB_ITEM_BYTES 8u    /* bytes */
#define RDB_ITEM_UUID 9u     /* bytes: 16, first digit first */
#define RDB_ITEM_DATE 10u    /* year, month, day */
#define RDB_ITEM_TIME 11u    /* seconds, nanoseconds */
#define RDB_ITEM_DATE_TIME 12u
#define RDB_ITEM_ZONED 13u  /* date and time in UTC, and offset */
#define RDB_ITEM_OFFSET 14u /* offset */
#define RDB_ITEM_NONE 15u
#define RDB_ITEM_SOME 16u  /* the items of the value follow */
#define RDB_ITEM_TUPLE 17u /* count members follow */
#define RDB_ITEM_ARRAY 18u /* count elements follow */
#define RDB_ITEM_LIST 19u  /* count elements follow */

/* One item. Its kind says which members mean something; the others are 0 when read, and ignored
 * when written. since 1.0 */
typedef struct rdb_item {
  size_t struct_size;
  uint32_t kind; /* RDB_ITEM_... */
  uint32_t count;
  uint64_t low;  /* bits 0 to 63 */
  uint64_t high; /* bits 64 to 127 */
  double real;
  rdb_slice bytes;      /* read: the item as stored, borrowed from the value, whatever its kind */
  int32_t year;         /* -262143 to 262142 */
  uint32_t month;       /* from 1 */
  uint32_t day;         /* from 1 */
  uint32_t seconds;     /* since midnight */
  uint32_t nanoseconds; /* from 10^9 on: within a leap second */
  int32_t offset;       /* seconds east of UTC, less than a day */
} rdb_item;

/* since 1.0 */
#define RDB_ITEM_INIT \
  { sizeof(rdb_item), 0, 0, 0, 0, 0.0, {NULL, 0}, 0, 0, 0, 0, 0, 0 }

/* What a type's name says. since 1.0 */
typedef struct rdb_type_info {
  size_t struct_size;
  uint32_t width;    /* bytes of every value, or RDB_WIDTH_VARIABLE */
  uint8_t ordered;   /* 1: may be the type of a key */
  uint8_t ambiguous; /* 1: RDB_TYPE_NESTED_... changes how values are read */
  uint8_t reserved[2];
} rdb_type_info;

/* since 1.0 */
/* clang-format off */
#define RDB_TYPE_INFO_INIT \
  { sizeof(rdb_type_info), 0, 0, 0, {0, 0} }
/* clang-format on */

/* Makes a codec of a type. RDB_ERR_UNSUPPORTED: the library does not know the type.
 * type  NULL: RDB_TYPE_BUILTIN "&[u8]".
 * out   released by rdb_codec_free. since 1.0 */
RDB_API rdb_status rdb_codec_create(const rdb_type* RDB_NULLABLE type, rdb_codec** out,
                                    rdb_error* RDB_NULLABLE err);

/* since 1.0 */
RDB_API void rdb_codec_free(rdb_codec* RDB_NULLABLE codec);

/* Describes the codec's type. since 1.0 */
RDB_API rdb_status rdb_codec_describe(const rdb_codec* codec, rdb_type_info* out,
                                      rdb_error* RDB_NULLABLE err);

/* Compares two encoded keys as a table does: *order is -1, 0 or 1. Any bytes have an order, also
 * those that are no value. RDB_ERR_UNKNOWN_KEY_TYPE: the type is no key. since 1.0 */
RDB_API rdb_status rdb_codec_compare(const rdb_codec* codec, rdb_slice a, rdb_slice b,
                                     int32_t* order, rdb_error* RDB_NULLABLE err);

/* RDB_OK when value is one of the type and a table would take it. RDB_ERR_INVALID_ARGUMENT names
 * the member that is malformed, and how. since 1.0 */
RDB_API rdb_status rdb_codec_check(const rdb_codec* codec, rdb_slice value,
                                   rdb_error* RDB_NULLABLE err);

/* Begins a new value, and forgets what was written of another. A fresh codec has begun one, and
 * rdb_codec_finish begins the next. since 1.0 */
RDB_API rdb_status rdb_codec_begin(rdb_codec* codec, rdb_error* RDB_NULLABLE err);

/* Writes the next item. Tuples and arrays may be announced by their own item, as reading gives it,
 * or begun by the first item of a member; an empty array is announced. RDB_ITEM_STORED: the
 * encoding of the next member as a whole. An integer may be of either sign's kind.
 *
 * RDB_ERR_INVALID_ARGUMENT: the item does not suit what comes next, or its value is outside of the
 * type; the message names the member, and the value is begun anew. RDB_ERR_MISUSE: nothing comes
 * next. since 1.0 */
RDB_API rdb_status rdb_codec_put(rdb_codec* codec, const rdb_item* item,
                                 rdb_error* RDB_NULLABLE err);

/* rdb_codec_put of a number, for signed types too. since 1.0 */
RDB_API rdb_status rdb_codec_put_unsigned(rdb_codec* codec, uint64_t number,
                                          rdb_error* RDB_NULLABLE err);

/* rdb_codec_put of a number, for unsigned types too. since 1.0 */
RDB_API rdb_status rdb_codec_put_signed(rdb_codec* codec, int64_t number,
                                        rdb_error* RDB_NULLABLE err);

/* rdb_codec_put of text, a byte string or a UUID. since 1.0 */
RDB_API rdb_status rdb_codec_put_bytes(rdb_codec* codec, rdb_slice bytes,
                                       rdb_error* RDB_NULLABLE err);

/* Hands out what was written, valid until the next call that writes to the codec.
 * RDB_ERR_MISUSE: items are missing. since 1.0 */
RDB_API rdb_status rdb_codec_finish(rdb_codec* codec, rdb_slice* out, rdb_error* RDB_NULLABLE err);

/* Begins to read value, which must stay where it is until it is read. Reading allocates nothing and
 * does not disturb what is being written. since 1.0 */
RDB_API rdb_status rdb_codec_read(rdb_codec* codec, rdb_slice value, rdb_error* RDB_NULLABLE err);

/* Reads the next item. RDB_END: there is none, *item is untouched. RDB_ERR_CORRUPTED: the bytes are
 * no value of the type; the message names the member. Nothing can be read then. since 1.0 */
RDB_API rdb_status rdb_codec_next(rdb_codec* codec, rdb_item* item, rdb_error* RDB_NULLABLE err);

/* ------------------------------------------------------------------------------------------------
 * 12. Multimaps
 *
 * A multimap has one value or more for each key. The values of a key are a set, in the order of
 * their type; a pair is a key with one of its values, and pairs are ordered by key, then by value.
 * In the file a small set lies beside its key, a large one is a tree of its own.
 *
 * A multimap is opened by functions of its own and gives an rdb_table. With it
 *
 *     rdb_table_describe, rdb_table_len     count pairs
 *     rdb_table_stats, rdb_table_close      as for other tables
 *     rdb_contains                          asks for a key
 *     rdb_put                               adds a pair; RDB_EXISTS: it is there already. No flags
 *     rdb_put_batch(_packed)                add pairs; written counts the new ones. No flags
 *     rdb_delete, rdb_delete_batch(_packed) delete keys, each with all its values
 *     cursors                               move over pairs. rdb_cursor_seek and _seek_exact go to
 *                                           the first pair of a key, rdb_cursor_seek_le to the
 * last; a range confines the keys; rdb_cursor_delete deletes the pair
 *
 * All others that read or change records of a table answer RDB_ERR_TABLE_IS_MULTIMAP, and those of
 * this section RDB_ERR_TABLE_NOT_MULTIMAP for a table that is none, or a cursor over one.
 * --------------------------------------------------------------------------------------------- */

/* As rdb_table_open, for multimaps: RDB_ERR_TABLE_NOT_MULTIMAP instead of
 * RDB_ERR_TABLE_IS_MULTIMAP. The value type must be one whose order is known, as the key type must:
 * RDB_ERR_UNKNOWN_KEY_TYPE. In a compressed file without the mark of rdb_options.rdb_only, making
 * or changing one is RDB_ERR_UNSUPPORTED.
 * since 1.0 */
RDB_API rdb_status rdb_multimap_open(const rdb_txn* txn, rdb_slice name,
                                     const rdb_type* RDB_NULLABLE key,
                                     const rdb_type* RDB_NULLABLE value, rdb_table** out,
                                     rdb_error* RDB_NULLABLE err);

/* As rdb_table_open_user, for multimaps, with the statuses of rdb_multimap_open. Values need an
 * order, too; without one such a multimap opens, and creating it or searching and changing by value
 * answer RDB_ERR_UNKNOWN_KEY_TYPE. since 1.0 */
RDB_API rdb_status rdb_multimap_open_user(const rdb_txn* txn, rdb_slice name, const rdb_type* key,
                                          const rdb_user_type* RDB_NULLABLE key_user,
                                          const rdb_type* value,
                                          const rdb_user_type* RDB_NULLABLE value_user,
                                          rdb_table** out, rdb_error* RDB_NULLABLE err);

/* As rdb_table_open_raw, for multimaps. Where the order of the values is not known, searching and
 * changing by value answer RDB_ERR_UNKNOWN_KEY_TYPE. since 1.0 */
RDB_API rdb_status rdb_multimap_open_raw(const rdb_txn* txn, rdb_slice name, rdb_table** out,
                                         rdb_error* RDB_NULLABLE err);

/* Number of keys. since 1.0 */
RDB_API rdb_status rdb_multimap_key_count(const rdb_table* table, uint64_t* out,
                                          rdb_error* RDB_NULLABLE err);

/* Number of values of key, without reading them. RDB_NOT_FOUND: no such key. since 1.0 */
RDB_API rdb_status rdb_multimap_value_count(const rdb_table* table, rdb_slice key, uint64_t* out,
                                            rdb_error* RDB_NULLABLE err);

/* Reads all values of key into result, ascending, replacing what it held; each answer is found.
 * RDB_NOT_FOUND: no such key, and the result is empty, as it is after an error. A cursor reads sets
 * that do not fit memory. since 1.0 */
RDB_API rdb_status rdb_multimap_get(const rdb_table* table, rdb_slice key, rdb_result* result,
                                    rdb_error* RDB_NULLABLE err);

/* RDB_OK: value is one of the values of key. RDB_NOT_FOUND: it is not. since 1.0 */
RDB_API rdb_status rdb_multimap_contains(const rdb_table* table, rdb_slice key, rdb_slice value,
                                         rdb_error* RDB_NULLABLE err);

/* Deletes one pair. RDB_NOT_FOUND: it was not there. since 1.0 */
RDB_API rdb_status rdb_multimap_delete(rdb_table* table, rdb_slice key, rdb_slice value,
                                       rdb_error* RDB_NULLABLE err);

/* Deletes count pairs.
 * deleted  number of pairs that were there. since 1.0 */
RDB_API rdb_status rdb_multimap_delete_batch(rdb_table* table, const rdb_slice* RDB_NULLABLE keys,
                                             const rdb_slice* RDB_NULLABLE values, size_t count,
                                             uint64_t* RDB_NULLABLE deleted,
                                             rdb_error* RDB_NULLABLE err);

/* The same for packed records. since 1.0 */
RDB_API rdb_status rdb_multimap_delete_batch_packed(rdb_table* table, rdb_slice packed_records,
                                                    uint64_t* RDB_NULLABLE deleted,
                                                    rdb_error* RDB_NULLABLE err);

/* Deletes all keys of a range with their values, one after the other; after an error those before
 * the one at fault are gone.
 * range  NULL: everything, which is quick and needs no order.
 * keys   number of keys that were deleted. since 1.0 */
RDB_API rdb_status rdb_multimap_drain(rdb_table* table, const rdb_range* RDB_NULLABLE range,
                                      uint64_t* RDB_NULLABLE keys, rdb_error* RDB_NULLABLE err);

/* Goes to the first pair that does not come before (target_key, target_value): one of target_key,
 * or the first of a later key. RDB_NOT_FOUND: there is none. since 1.0 */
RDB_API rdb_status rdb_cursor_seek_pair(rdb_cursor* cursor, rdb_slice target_key,
                                        rdb_slice target_value, rdb_slice* RDB_NULLABLE key,
                                        rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);

/* Goes to the first pair of the next key. RDB_END: the cursor was on the last key; it is past the
 * last pair now. since 1.0 */
RDB_API rdb_status rdb_cursor_next_key(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
                                       rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);

/* Goes to the last pair of the key before. RDB_END: the cursor was on the first key; it is before
 * the first pair now. since 1.0 */
RDB_API rdb_status rdb_cursor_prev_key(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
                                       rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);

/* Goes to the next value of the key under the cursor. RDB_END: there is none, and the cursor did
 * not move. RDB_ERR_MISUSE: the cursor stands on no pair; this holds for the next three, too.
 * since 1.0 */
RDB_API rdb_status rdb_cursor_next_value(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE value,
                                         rdb_error* RDB_NULLABLE err);

/* Goes to the value before, of the same key. RDB_END: there is none, and the cursor did not move.
 * since 1.0 */
RDB_API rdb_status rdb_cursor_prev_value(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE value,
                                         rdb_error* RDB_NULLABLE err);

/* Goes to the first value of the key under the cursor. since 1.0 */
RDB_API rdb_status rdb_cursor_first_value(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE value,
                                          rdb_error* RDB_NULLABLE err);

/* Goes to the last value of the key under the cursor. since 1.0 */
RDB_API rdb_status rdb_cursor_last_value(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE value,
                                         rdb_error* RDB_NULLABLE err);

/* Number of values of the key under the cursor. RDB_NOT_FOUND: it stands on no pair. since 1.0 */
RDB_API rdb_status rdb_cursor_value_count(const rdb_cursor* cursor, uint64_t* out,
                                          rdb_error* RDB_NULLABLE err);

/* ------------------------------------------------------------------------------------------------
 * 13. Merging values
 *
 * A merge makes the value of a key anew from the one that is stored and an operand: counters,
 * maxima, sets of bits, lists that grow. It reads and writes in one call, and a batch of merges
 * costs a fraction of as many pairs of rdb_get_into and rdb_put.
 * --------------------------------------------------------------------------------------------- */

/* rdb_merge_operator.kind. Numbers are little-endian. Where the key is absent the operand is stored
 * as it is. Where both have not the same length, or one that the operator does not know, the stored
 * value stays (RDB_MERGE_BYTES_APPEND takes any). since 1.0 */
#define RDB_MERGE_NUMERIC_ADD 0u    /* 1, 2, 4, 8 bytes: sum modulo 2^bits, signed or unsigned */
#define RDB_MERGE_SATURATING_ADD 1u /* 1, 2, 4, 8 bytes: unsigned sum, at most the maximum */
#define RDB_MERGE_FLOAT_ADD 2u      /* 4, 8 bytes: IEEE 754 sum */
#define RDB_MERGE_NUMERIC_MAX 3u    /* 1, 2, 4, 8 bytes: the larger unsigned number */
#define RDB_MERGE_NUMERIC_MIN 4u    /* 1, 2, 4, 8 bytes: the smaller unsigned number */
#define RDB_MERGE_BITWISE_OR 5u     /* any length: or of the bits */
#define RDB_MERGE_BYTES_APPEND 6u   /* any lengths: the stored value, then the operand */
#define RDB_MERGE_FUNCTION 7u       /* what fn says */

/* An operator of the caller's. existing is NULL when the key is absent. RDB_OK: *result, which was
 * {NULL, 0}, is the new value; its bytes must stay as they are until the next call or drop, and may
 * lie inside existing or operand. RDB_NOT_FOUND: the key is deleted, or stays absent. RDB_STOPPED:
 * nothing is done for this key, and the call ends with RDB_STOPPED. Otherwise as every callback.
 *
 * Meanwhile every call on the table answers RDB_ERR_MISUSE, and so does the commit of its
 * transaction; other tables may be read. since 1.0 */
typedef rdb_status (*rdb_merge_fn)(void* RDB_NULLABLE ctx, rdb_slice key,
                                   const rdb_slice* RDB_NULLABLE existing, rdb_slice operand,
                                   rdb_slice* result);

/* How values are merged. With another kind than RDB_MERGE_FUNCTION the rest is zero. drop, when
 * given, is called exactly once, before the call that was given the struct returns. since 1.0 */
typedef struct rdb_merge_operator {
  uint32_t kind; /* RDB_MERGE_... */
  uint32_t reserved;
  rdb_merge_fn RDB_NULLABLE fn;
  void* RDB_NULLABLE ctx;
  rdb_drop_fn RDB_NULLABLE drop;
} rdb_merge_operator;

/* Initialiser for an operator of the library's own. since 1.0 */
#define RDB_MERGE_OPERATOR_INIT(kind) \
  { (kind), 0, NULL, NULL, NULL }

/* Merges operand into the value of key. Whatever fails leaves the table as it was.
 * RDB_ERR_MERGE_WIDTH: the result has another length than values of the table's type.
 * RDB_STOPPED: fn said so, and nothing changed. since 1.0 */
RDB_API rdb_status rdb_merge(rdb_table* table, rdb_slice key, rdb_slice operand,
                             const rdb_merge_operator* op, rdb_error* RDB_NULLABLE err);

/* Merges count operands into the values of count keys, as rdb_merge of each in turn would; a key
 * may occur many times. The first error stops the batch: position is the index of its record, the
 * records before it are merged and those behind it are not. Only after an error of the device, of
 * memory, or about a damaged page is it not known which are.
 *
 * merged  number of records that were merged; with RDB_STOPPED those before the one at which fn
 *         said so. since 1.0 */
RDB_API rdb_status rdb_merge_batch(rdb_table* table, const rdb_slice* RDB_NULLABLE keys,
                                   const rdb_slice* RDB_NULLABLE operands, size_t count,
                                   const rdb_merge_operator* op, uint64_t* RDB_NULLABLE merged,
                                   rdb_error* RDB_NULLABLE err);

/* The same for packed records, whose values are the operands. since 1.0 */
RDB_API rdb_status rdb_merge_batch_packed(rdb_table* table, rdb_slice packed_records,
                                          const rdb_merge_operator* op,
                                          uint64_t* RDB_NULLABLE merged,
                                          rdb_error* RDB_NULLABLE err);

/* ------------------------------------------------------------------------------------------------
 * 14. Records: what was there, and what to expect
 * --------------------------------------------------------------------------------------------- */

/* As rdb_put, and hands out what was there before. RDB_OK: *old is the value replaced, NULL when
 * there was none. RDB_EXISTS, RDB_NOT_FOUND: flags forbade it; *old is NULL.
 * old  released by rdb_value_free. since 1.0 */
RDB_API rdb_status rdb_exchange(rdb_table* table, rdb_slice key, rdb_slice value, uint64_t flags,
                                rdb_value** old, rdb_error* RDB_NULLABLE err);

/* As rdb_delete, and hands out the value that was deleted. RDB_NOT_FOUND: *old is NULL.
 * old  released by rdb_value_free. since 1.0 */
RDB_API rdb_status rdb_take(rdb_table* table, rdb_slice key, rdb_value** old,
                            rdb_error* RDB_NULLABLE err);

/* Stores value under key if what is there is what the caller expects. RDB_OK: it was done.
 * RDB_NOT_FOUND: a value was expected, and the key is absent. RDB_EXISTS: nothing was expected, and
 * the key is there. RDB_DIFFERENT: its value is another. Nothing changed with these three.
 *
 * expected  NULL: the key is to be absent.
 * value     NULL: the key is deleted instead. since 1.0 */
RDB_API rdb_status rdb_compare_and_put(rdb_table* table, rdb_slice key,
                                       const rdb_slice* RDB_NULLABLE expected,
                                       const rdb_slice* RDB_NULLABLE value,
                                       rdb_error* RDB_NULLABLE err);

/* Replaces the value of the entry under the cursor, which stays on it. RDB_NOT_FOUND: it stands on
 * none. Works where the order of keys is not known. since 1.0 */
RDB_API rdb_status rdb_cursor_put(rdb_cursor* cursor, rdb_slice value, rdb_error* RDB_NULLABLE err);

/* Hands out size bytes of zeros in which the caller makes a value, which rdb_reservation_store then
 * puts under key.
 *
 * flags   as for rdb_put, looked at when the value is stored.
 * out     released by rdb_reservation_store or rdb_reservation_free.
 * buffer  belongs to *out. since 1.0 */
RDB_API rdb_status rdb_reserve(rdb_table* table, rdb_slice key, size_t size, uint64_t flags,
                               rdb_reservation** out, void** buffer, rdb_error* RDB_NULLABLE err);

/* Stores the value, with the outcomes of rdb_put, and releases reservation, whatever the outcome.
 * NULL gives RDB_ERR_MISUSE. since 1.0 */
RDB_API rdb_status rdb_reservation_store(rdb_reservation* reservation, rdb_error* RDB_NULLABLE err);

/* Gives a reservation up. since 1.0 */
RDB_API void rdb_reservation_free(rdb_reservation* RDB_NULLABLE reservation);

/* ------------------------------------------------------------------------------------------------
 * 15. Many records at once
 *
 * What takes many records out of a table makes one pass over it: pages that lose nothing stay as
 * they are, the others are packed anew. A range is as for cursors, and NULL is the whole table, for
 * which the order of keys need not be known.
 * --------------------------------------------------------------------------------------------- */

/* Deletes a range. Pages that lie in it whole are given up without a look at their records.
 * removed  number of records deleted. since 1.0 */
RDB_API rdb_status rdb_drain(rdb_table* table, const rdb_range* RDB_NULLABLE range,
                             uint64_t* RDB_NULLABLE removed, rdb_error* RDB_NULLABLE err);

/* Decides about one record. RDB_OK: it stays. RDB_NOT_FOUND: it goes. RDB_STOPPED: it stays, and so
 * do all behind it. Otherwise as every callback. Meanwhile every call on the table answers
 * RDB_ERR_MISUSE, and so does the commit; other tables may be read. since 1.0 */
typedef rdb_status (*rdb_filter_fn)(void* RDB_NULLABLE ctx, rdb_slice key, rdb_slice value);

/* A filter with its context. drop, when given, is called exactly once, before the call that was
 * given the struct returns. since 1.0 */
typedef struct rdb_filter {
  rdb_filter_fn fn;
  void* RDB_NULLABLE ctx;
  rdb_drop_fn RDB_NULLABLE drop;
} rdb_filter;

/* Asks filter about each record of a range, in key order, then deletes those that go. Whatever
 * fails leaves the table as it was.
 * removed  number of records deleted. since 1.0 */
RDB_API rdb_status rdb_retain(rdb_table* table, const rdb_range* RDB_NULLABLE range,
                              const rdb_filter* filter, uint64_t* RDB_NULLABLE removed,
                              rdb_error* RDB_NULLABLE err);

/* Begins a walk over a range that takes records out of the table: those for which rdb_extract_take
 * is called, and no others. It begins before the first record; the moves are those of a cursor.
 *
 * The table belongs to the walk until that is closed, or its transaction committed: other calls on
 * it answer RDB_ERR_MISUSE. The records are gone from then on; before, they are there, and the walk
 * passes over those that were taken.
 *
 * out  released by rdb_extract_close. since 1.0 */
RDB_API rdb_status rdb_extract_open(rdb_table* table, const rdb_range* RDB_NULLABLE range,
                                    rdb_extract** out, rdb_error* RDB_NULLABLE err);

/* Goes to the next record that was not taken. RDB_END: there is none. The slices are valid until
 * the next call on extract. since 1.0 */
RDB_API rdb_status rdb_extract_next(rdb_extract* extract, rdb_slice* RDB_NULLABLE key,
                                    rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);

/* Goes to the record before; a fresh walk, to the last one of the range. RDB_END: there is none.
 * since 1.0 */
RDB_API rdb_status rdb_extract_prev(rdb_extract* extract, rdb_slice* RDB_NULLABLE key,
                                    rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);

/* The record under the walk. RDB_NOT_FOUND: there is none, or it was taken. since 1.0 */
RDB_API rdb_status rdb_extract_get(const rdb_extract* extract, rdb_slice* RDB_NULLABLE key,
                                   rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);

/* Takes the record under the walk out of the table. RDB_NOT_FOUND: there is none, or it was taken.
 * since 1.0 */
RDB_API rdb_status rdb_extract_take(rdb_extract* extract, rdb_error* RDB_NULLABLE err);

/* Ends the walk, deletes the records that were taken, and releases extract, whatever the outcome;
 * after an error they are all there. When the transaction was committed first, the records are gone
 * already, and removed is 0.
 * removed  number of records deleted. since 1.0 */
RDB_API rdb_status rdb_extract_close(rdb_extract* RDB_NULLABLE extract,
                                     uint64_t* RDB_NULLABLE removed, rdb_error* RDB_NULLABLE err);

/* Copies the records of source, as they are stored, into the table called name in the write
 * transaction target, which creates it with the types of source when it is missing; they need not
 * be known. Where the table is there its types must be the same: RDB_ERR_TABLE_TYPE. Where it has
 * records a record replaces the one of its key, whose order must be known:
 * RDB_ERR_UNKNOWN_KEY_TYPE. Both may belong to one transaction, or to different databases. After an
 * error some records may have been copied into a table that had records before.
 *
 * cancel  stops it; borrowed until the call returns.
 * copied  number of records copied. since 1.0 */
RDB_API rdb_status rdb_table_copy(const rdb_table* source, const rdb_txn* target, rdb_slice name,
                                  const rdb_cancel* RDB_NULLABLE cancel,
                                  uint64_t* RDB_NULLABLE copied, rdb_error* RDB_NULLABLE err);

/* ------------------------------------------------------------------------------------------------
 * 16. Values that expire
 *
 * In a TTL table each value has a moment from which on it has expired, or none. It is opened by
 * functions of its own and gives an rdb_table that takes every call of other tables but those of
 * multimaps. A record that has expired is not there for them: gets, cursors and walks pass over it,
 * a put with RDB_PUT_INSERT_ONLY replaces it, rdb_delete removes it and says RDB_NOT_FOUND. It goes
 * on occupying its place until it is overwritten, deleted or purged. rdb_table_len and
 * rdb_table_stats count it, rdb_drain removes it and counts it, and rdb_table_copy copies it;
 * nothing is purged by itself.
 *
 * Merges, rdb_compare_and_put's new values and rdb_cursor_put: a merge and rdb_cursor_put keep the
 * expiry of the record; everything else that writes a value gives it a new one.
 *
 * Moments are milliseconds since 1970 began, by the database's clock. It is read for each call, not
 * for each transaction: in one snapshot a record may be there, and later not. When it is set back,
 * records that had expired and were not purged are there again.
 *
 * In the file a value lies behind its expiry, and the value type of the table is "ttl::" with the
 * name of the value's type behind it; rdb_table_open of that type sees stored bytes. shodh-redb
 * 0.5.0 reads and writes the same.
 * --------------------------------------------------------------------------------------------- */

/* A lifetime without an end. since 1.0 */
#define RDB_TTL_NONE UINT64_MAX

/* rdb_clock_set: the clock runs. since 1.0 */
#define RDB_CLOCK_RUNS UINT64_MAX

/* As rdb_table_open, for tables whose values expire; value is the type without the expiry.
 * since 1.0 */
RDB_API rdb_status rdb_ttl_open(const rdb_txn* txn, rdb_slice name,
                                const rdb_type* RDB_NULLABLE key,
                                const rdb_type* RDB_NULLABLE value, rdb_table** out,
                                rdb_error* RDB_NULLABLE err);

/* As rdb_table_open_raw. RDB_ERR_TABLE_TYPE: the table's values do not expire. since 1.0 */
RDB_API rdb_status rdb_ttl_open_raw(const rdb_txn* txn, rdb_slice name, rdb_table** out,
                                    rdb_error* RDB_NULLABLE err);

/* How long values live that calls without a lifetime write from now on, batches among them; at
 * first RDB_TTL_NONE. Of this handle; not stored. Like all functions of this section
 * RDB_ERR_TABLE_TYPE for a table that was not opened by rdb_ttl_open.
 * ttl_ms  milliseconds, or RDB_TTL_NONE. since 1.0 */
RDB_API rdb_status rdb_ttl_set_default(rdb_table* table, uint64_t ttl_ms,
                                       rdb_error* RDB_NULLABLE err);

/* Says what rdb_ttl_set_default set. since 1.0 */
RDB_API rdb_status rdb_ttl_default(const rdb_table* table, uint64_t* out,
                                   rdb_error* RDB_NULLABLE err);

/* As rdb_put, of a value that expires ttl_ms from now: 0 at once, RDB_TTL_NONE never. A moment
 * beyond the last one becomes that. since 1.0 */
RDB_API rdb_status rdb_ttl_put(rdb_table* table, rdb_slice key, rdb_slice value, uint64_t ttl_ms,
                               uint64_t flags, rdb_error* RDB_NULLABLE err);

/* Lets the value of key, as it is, expire ttl_ms from now. RDB_NOT_FOUND: it is not there, or has
 * expired. since 1.0 */
RDB_API rdb_status rdb_ttl_touch(rdb_table* table, rdb_slice key, uint64_t ttl_ms,
                                 rdb_error* RDB_NULLABLE err);

/* When the value of key expires; 0: never. RDB_NOT_FOUND: it is not there, or has expired.
 * since 1.0 */
RDB_API rdb_status rdb_ttl_expiry(const rdb_table* table, rdb_slice key, uint64_t* out,
                                  rdb_error* RDB_NULLABLE err);

/* The same for the record under the cursor. RDB_NOT_FOUND: there is none. since 1.0 */
RDB_API rdb_status rdb_cursor_expiry(const rdb_cursor* cursor, uint64_t* out,
                                     rdb_error* RDB_NULLABLE err);

/* Number of records that have not expired. Reads the whole table, which rdb_table_len does not.
 * cancel  stops it; borrowed until the call returns. since 1.0 */
RDB_API rdb_status rdb_ttl_live_count(const rdb_table* table, const rdb_cancel* RDB_NULLABLE cancel,
                                      uint64_t* out, rdb_error* RDB_NULLABLE err);

/* One step of a purge: looks at records in key order and removes those that have expired. A purge
 * in small steps, each in a transaction of its own, holds up nobody. RDB_ERR_UNKNOWN_KEY_TYPE:
 * steps of a table whose order of keys is not known, which can be purged as a whole.
 *
 * after        looks at records behind this key only, which need not be there; NULL: at all
 * max_records  looks at so many and no more; 0: no limit
 * cancel       stops it, with nothing removed; borrowed until the call returns
 * position     with RDB_OK the key of the last record looked at, which is the next step's after;
 *              released by rdb_value_free. NULL with RDB_END: the end was reached. since 1.0 */
RDB_API rdb_status rdb_ttl_purge(rdb_table* table, const rdb_slice* RDB_NULLABLE after,
                                 uint64_t max_records, const rdb_cancel* RDB_NULLABLE cancel,
                                 uint64_t* RDB_NULLABLE examined, uint64_t* RDB_NULLABLE removed,
                                 rdb_value* RDB_NULLABLE* RDB_NULLABLE position,
                                 rdb_error* RDB_NULLABLE err);

/* What the database's clock says: milliseconds since 1970 began. since 1.0 */
RDB_API rdb_status rdb_clock_now(const rdb_db* db, uint64_t* out, rdb_error* RDB_NULLABLE err);

/* Stops the database's clock at a moment, for tests and for programs that bring a time of their
 * own, or lets it run by the system's again: RDB_CLOCK_RUNS. At once and for every transaction; not
 * stored. since 1.0 */
RDB_API rdb_status rdb_clock_set(const rdb_db* db, uint64_t now_ms, rdb_error* RDB_NULLABLE err);

/* ------------------------------------------------------------------------------------------------
 * 17. Function table
 *
 * For programs that load the library at run time: one dlsym("rdb_api") instead of one for each
 * function. The members have the names, prototypes and meanings of the functions above.
 * --------------------------------------------------------------------------------------------- */

/* Append-only. A member beyond struct_size does not exist in the library in use. since 1.0 */
typedef struct rdb_api_v1 {
  size_t struct_size;   /* bytes the library fills */
  uint32_t abi_version; /* as rdb_abi_version */
  uint32_t reserved;
  /* clang-format off */
  /* api table begin: written by capi/generate.py */
  const char* (*rdb_version)(void);
  uint32_t (*rdb_version_number)(void);
  uint32_t (*rdb_abi_version)(void);
  const char* (*rdb_build_info)(void);
  const char* (*rdb_status_name)(rdb_status status);
  rdb_status (*rdb_check_abi)(uint32_t header_version, rdb_error* RDB_NULLABLE err);
  int32_t (*rdb_has_feature)(rdb_slice name);
  rdb_status (*rdb_options_init)(rdb_options* options, size_t size, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_options_set)(rdb_options* options, rdb_slice key, rdb_slice value,
      rdb_error* RDB_NULLABLE err);
  size_t (*rdb_option_count)(void);
  rdb_status (*rdb_option_at)(size_t index, rdb_option_info* out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_open)(rdb_slice path, const rdb_options* RDB_NULLABLE options, rdb_db** out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_open_memory)(const rdb_options* RDB_NULLABLE options, rdb_db** out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_close)(rdb_db* RDB_NULLABLE db, rdb_error* RDB_NULLABLE err);
  void (*rdb_close_deferred)(rdb_db* RDB_NULLABLE db);
  rdb_status (*rdb_recovery)(const rdb_db* db, rdb_recovery_info* out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_recovery_note)(const rdb_db* db, uint64_t index, rdb_slice* out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_txn_options_init)(rdb_txn_options* options, size_t size,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_txn_begin)(const rdb_db* db, uint32_t kind,
      const rdb_txn_options* RDB_NULLABLE options, rdb_txn** out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_txn_commit)(rdb_txn* txn, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_txn_abort)(rdb_txn* RDB_NULLABLE txn, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_txn_id)(const rdb_txn* txn, uint64_t* out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_txn_set_durability)(rdb_txn* txn, uint32_t durability,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_txn_set_two_phase)(rdb_txn* txn, int32_t on, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_txn_set_quick_repair)(rdb_txn* txn, int32_t on, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_table_open)(const rdb_txn* txn, rdb_slice name, const rdb_type* RDB_NULLABLE key,
      const rdb_type* RDB_NULLABLE value, rdb_table** out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_table_open_raw)(const rdb_txn* txn, rdb_slice name, rdb_table** out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_table_close)(rdb_table* RDB_NULLABLE table, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_table_describe)(const rdb_table* table, rdb_table_info* out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_table_list)(const rdb_txn* txn, rdb_listing** out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_table_find)(const rdb_txn* txn, rdb_slice name, rdb_listing** out,
      rdb_error* RDB_NULLABLE err);
  size_t (*rdb_listing_count)(const rdb_listing* RDB_NULLABLE listing);
  rdb_status (*rdb_listing_at)(const rdb_listing* listing, size_t index, rdb_table_info* out,
      rdb_error* RDB_NULLABLE err);
  void (*rdb_listing_free)(rdb_listing* RDB_NULLABLE listing);
  rdb_status (*rdb_table_rename)(rdb_txn* txn, rdb_slice from, rdb_slice to,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_table_delete)(rdb_txn* txn, rdb_slice name, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_table_len)(const rdb_table* table, uint64_t* out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_table_stats)(const rdb_table* table, const rdb_cancel* RDB_NULLABLE cancel,
      rdb_table_stats_info* out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_get_pin)(const rdb_table* table, rdb_slice key, rdb_value** out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_get_into)(const rdb_table* table, rdb_slice key, void* RDB_NULLABLE buffer,
      size_t capacity, size_t* size, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_contains)(const rdb_table* table, rdb_slice key, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_put)(rdb_table* table, rdb_slice key, rdb_slice value, uint64_t flags,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_delete)(rdb_table* table, rdb_slice key, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_pop_first)(rdb_table* table, rdb_value* RDB_NULLABLE* RDB_NULLABLE key,
      rdb_value* RDB_NULLABLE* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_pop_last)(rdb_table* table, rdb_value* RDB_NULLABLE* RDB_NULLABLE key,
      rdb_value* RDB_NULLABLE* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_slice (*rdb_value_data)(const rdb_value* RDB_NULLABLE value);
  void (*rdb_value_free)(rdb_value* RDB_NULLABLE value);
  rdb_status (*rdb_result_create)(rdb_result** out, rdb_error* RDB_NULLABLE err);
  void (*rdb_result_free)(rdb_result* RDB_NULLABLE result);
  rdb_status (*rdb_get_batch)(const rdb_table* table, const rdb_slice* RDB_NULLABLE keys,
      size_t count, rdb_result* result, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_get_batch_packed)(const rdb_table* table, rdb_slice packed_keys,
      rdb_result* result, rdb_error* RDB_NULLABLE err);
  size_t (*rdb_result_count)(const rdb_result* RDB_NULLABLE result);
  rdb_status (*rdb_result_at)(const rdb_result* result, size_t index, rdb_slice* value,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_result_pack)(const rdb_result* result, void* RDB_NULLABLE buffer,
      size_t capacity, size_t* size, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_put_batch)(rdb_table* table, const rdb_slice* RDB_NULLABLE keys,
      const rdb_slice* RDB_NULLABLE values, size_t count, uint64_t flags,
      uint64_t* RDB_NULLABLE written, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_put_batch_packed)(rdb_table* table, rdb_slice packed_records, uint64_t flags,
      uint64_t* RDB_NULLABLE written, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_delete_batch)(rdb_table* table, const rdb_slice* RDB_NULLABLE keys, size_t count,
      uint64_t* RDB_NULLABLE deleted, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_delete_batch_packed)(rdb_table* table, rdb_slice packed_keys,
      uint64_t* RDB_NULLABLE deleted, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_open)(const rdb_table* table, rdb_cursor** out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_close)(rdb_cursor* RDB_NULLABLE cursor, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_first)(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
      rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_last)(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
      rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_next)(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
      rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_prev)(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
      rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_seek)(rdb_cursor* cursor, rdb_slice target, rdb_slice* RDB_NULLABLE key,
      rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_seek_exact)(rdb_cursor* cursor, rdb_slice target,
      rdb_slice* RDB_NULLABLE key, rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_seek_le)(rdb_cursor* cursor, rdb_slice target,
      rdb_slice* RDB_NULLABLE key, rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_get)(const rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
      rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_set_range)(rdb_cursor* cursor, const rdb_range* RDB_NULLABLE range,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_next_batch)(rdb_cursor* cursor, rdb_slice* keys,
      rdb_slice* RDB_NULLABLE values, size_t capacity, size_t* count, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_next_batch_packed)(rdb_cursor* cursor, void* RDB_NULLABLE buffer,
      size_t capacity, size_t max_records, size_t* size, size_t* count,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_delete)(rdb_cursor* cursor, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_verify_options_init)(rdb_verify_options* options, size_t size,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_verify)(const rdb_db* db, const rdb_verify_options* RDB_NULLABLE options,
      rdb_report** out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_report_describe)(const rdb_report* report, rdb_report_info* out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_report_problem)(const rdb_report* report, uint64_t index, rdb_problem_info* out,
      rdb_error* RDB_NULLABLE err);
  void (*rdb_report_free)(rdb_report* RDB_NULLABLE report);
  rdb_status (*rdb_stats)(const rdb_db* db, rdb_stats_info* out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cancel_create)(rdb_cancel** out, rdb_error* RDB_NULLABLE err);
  void (*rdb_cancel_trigger)(const rdb_cancel* RDB_NULLABLE cancel);
  void (*rdb_cancel_reset)(const rdb_cancel* RDB_NULLABLE cancel);
  void (*rdb_cancel_free)(rdb_cancel* RDB_NULLABLE cancel);
  rdb_status (*rdb_user_type_init)(rdb_user_type* type, size_t size, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_table_open_user)(const rdb_txn* txn, rdb_slice name, const rdb_type* key,
      const rdb_user_type* RDB_NULLABLE key_user, const rdb_type* value,
      const rdb_user_type* RDB_NULLABLE value_user, rdb_table** out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_codec_create)(const rdb_type* RDB_NULLABLE type, rdb_codec** out,
      rdb_error* RDB_NULLABLE err);
  void (*rdb_codec_free)(rdb_codec* RDB_NULLABLE codec);
  rdb_status (*rdb_codec_describe)(const rdb_codec* codec, rdb_type_info* out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_codec_compare)(const rdb_codec* codec, rdb_slice a, rdb_slice b, int32_t* order,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_codec_check)(const rdb_codec* codec, rdb_slice value,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_codec_begin)(rdb_codec* codec, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_codec_put)(rdb_codec* codec, const rdb_item* item, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_codec_put_unsigned)(rdb_codec* codec, uint64_t number,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_codec_put_signed)(rdb_codec* codec, int64_t number, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_codec_put_bytes)(rdb_codec* codec, rdb_slice bytes, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_codec_finish)(rdb_codec* codec, rdb_slice* out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_codec_read)(rdb_codec* codec, rdb_slice value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_codec_next)(rdb_codec* codec, rdb_item* item, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_multimap_open)(const rdb_txn* txn, rdb_slice name,
      const rdb_type* RDB_NULLABLE key, const rdb_type* RDB_NULLABLE value, rdb_table** out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_multimap_open_raw)(const rdb_txn* txn, rdb_slice name, rdb_table** out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_multimap_key_count)(const rdb_table* table, uint64_t* out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_multimap_value_count)(const rdb_table* table, rdb_slice key, uint64_t* out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_multimap_get)(const rdb_table* table, rdb_slice key, rdb_result* result,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_multimap_contains)(const rdb_table* table, rdb_slice key, rdb_slice value,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_multimap_delete)(rdb_table* table, rdb_slice key, rdb_slice value,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_multimap_delete_batch)(rdb_table* table, const rdb_slice* RDB_NULLABLE keys,
      const rdb_slice* RDB_NULLABLE values, size_t count, uint64_t* RDB_NULLABLE deleted,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_multimap_delete_batch_packed)(rdb_table* table, rdb_slice packed_records,
      uint64_t* RDB_NULLABLE deleted, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_multimap_drain)(rdb_table* table, const rdb_range* RDB_NULLABLE range,
      uint64_t* RDB_NULLABLE keys, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_seek_pair)(rdb_cursor* cursor, rdb_slice target_key,
      rdb_slice target_value, rdb_slice* RDB_NULLABLE key, rdb_slice* RDB_NULLABLE value,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_next_key)(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
      rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_prev_key)(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE key,
      rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_next_value)(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE value,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_prev_value)(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE value,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_first_value)(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE value,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_last_value)(rdb_cursor* cursor, rdb_slice* RDB_NULLABLE value,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_value_count)(const rdb_cursor* cursor, uint64_t* out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_merge)(rdb_table* table, rdb_slice key, rdb_slice operand,
      const rdb_merge_operator* op, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_merge_batch)(rdb_table* table, const rdb_slice* RDB_NULLABLE keys,
      const rdb_slice* RDB_NULLABLE operands, size_t count, const rdb_merge_operator* op,
      uint64_t* RDB_NULLABLE merged, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_merge_batch_packed)(rdb_table* table, rdb_slice packed_records,
      const rdb_merge_operator* op, uint64_t* RDB_NULLABLE merged, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_exchange)(rdb_table* table, rdb_slice key, rdb_slice value, uint64_t flags,
      rdb_value** old, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_take)(rdb_table* table, rdb_slice key, rdb_value** old,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_compare_and_put)(rdb_table* table, rdb_slice key,
      const rdb_slice* RDB_NULLABLE expected, const rdb_slice* RDB_NULLABLE value,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_put)(rdb_cursor* cursor, rdb_slice value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_reserve)(rdb_table* table, rdb_slice key, size_t size, uint64_t flags,
      rdb_reservation** out, void** buffer, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_reservation_store)(rdb_reservation* reservation, rdb_error* RDB_NULLABLE err);
  void (*rdb_reservation_free)(rdb_reservation* RDB_NULLABLE reservation);
  rdb_status (*rdb_drain)(rdb_table* table, const rdb_range* RDB_NULLABLE range,
      uint64_t* RDB_NULLABLE removed, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_retain)(rdb_table* table, const rdb_range* RDB_NULLABLE range,
      const rdb_filter* filter, uint64_t* RDB_NULLABLE removed, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_extract_open)(rdb_table* table, const rdb_range* RDB_NULLABLE range,
      rdb_extract** out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_extract_next)(rdb_extract* extract, rdb_slice* RDB_NULLABLE key,
      rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_extract_prev)(rdb_extract* extract, rdb_slice* RDB_NULLABLE key,
      rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_extract_get)(const rdb_extract* extract, rdb_slice* RDB_NULLABLE key,
      rdb_slice* RDB_NULLABLE value, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_extract_take)(rdb_extract* extract, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_extract_close)(rdb_extract* RDB_NULLABLE extract, uint64_t* RDB_NULLABLE removed,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_table_copy)(const rdb_table* source, const rdb_txn* target, rdb_slice name,
      const rdb_cancel* RDB_NULLABLE cancel, uint64_t* RDB_NULLABLE copied,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_ttl_open)(const rdb_txn* txn, rdb_slice name, const rdb_type* RDB_NULLABLE key,
      const rdb_type* RDB_NULLABLE value, rdb_table** out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_ttl_open_raw)(const rdb_txn* txn, rdb_slice name, rdb_table** out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_ttl_set_default)(rdb_table* table, uint64_t ttl_ms, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_ttl_default)(const rdb_table* table, uint64_t* out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_ttl_put)(rdb_table* table, rdb_slice key, rdb_slice value, uint64_t ttl_ms,
      uint64_t flags, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_ttl_touch)(rdb_table* table, rdb_slice key, uint64_t ttl_ms,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_ttl_expiry)(const rdb_table* table, rdb_slice key, uint64_t* out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_cursor_expiry)(const rdb_cursor* cursor, uint64_t* out,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_ttl_live_count)(const rdb_table* table, const rdb_cancel* RDB_NULLABLE cancel,
      uint64_t* out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_ttl_purge)(rdb_table* table, const rdb_slice* RDB_NULLABLE after,
      uint64_t max_records, const rdb_cancel* RDB_NULLABLE cancel, uint64_t* RDB_NULLABLE examined,
      uint64_t* RDB_NULLABLE removed, rdb_value* RDB_NULLABLE* RDB_NULLABLE position,
      rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_clock_now)(const rdb_db* db, uint64_t* out, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_clock_set)(const rdb_db* db, uint64_t now_ms, rdb_error* RDB_NULLABLE err);
  rdb_status (*rdb_multimap_open_user)(const rdb_txn* txn, rdb_slice name, const rdb_type* key,
      const rdb_user_type* RDB_NULLABLE key_user, const rdb_type* value,
      const rdb_user_type* RDB_NULLABLE value_user, rdb_table** out, rdb_error* RDB_NULLABLE err);
  /* api table end */
  /* clang-format on */
} rdb_api_v1;

/* The table of the library in use, for RDB_ABI_MAJOR; NULL for another major version. It lives as
 * long as the library is loaded. since 1.0 */
RDB_API const rdb_api_v1* RDB_NULLABLE rdb_api(uint32_t major);

#ifdef __cplusplus
} /* extern "C" */
#endif

#if defined(__clang__) && !defined(SWIG)
#pragma clang diagnostic pop
#endif

#endif /* RDB_H */
