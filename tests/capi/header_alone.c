/* The header stands alone, and may be included twice. Also compiled as C++. */
#include "rdb.h"
/* Once more. */
#include "rdb.h"

int use_header(void);

int use_header(void) {
  rdb_options options = RDB_OPTIONS_INIT;
  rdb_option_info option = RDB_OPTION_INFO_INIT;
  rdb_recovery_info recovery = RDB_RECOVERY_INFO_INIT;
  rdb_txn_options txn = RDB_TXN_OPTIONS_INIT;
  rdb_table_info table = RDB_TABLE_INFO_INIT;
  rdb_table_stats_info table_stats = RDB_TABLE_STATS_INFO_INIT;
  rdb_verify_options verify = RDB_VERIFY_OPTIONS_INIT;
  rdb_report_info report = RDB_REPORT_INFO_INIT;
  rdb_problem_info problem = RDB_PROBLEM_INFO_INIT;
  rdb_stats_info stats = RDB_STATS_INFO_INIT;
  rdb_type type = RDB_TYPE_INIT("u64");
  rdb_slice name = RDB_SLICE("name");
  const rdb_status status = RDB_ERR_MISUSE;
  return options.struct_size + option.struct_size + recovery.struct_size + txn.struct_size +
                 table.struct_size + table_stats.struct_size + verify.struct_size +
                 report.struct_size + problem.struct_size + stats.struct_size ==
             0 &&
         type.type_class == RDB_TYPE_BUILTIN && name.size == 4 && status < 0;
}
