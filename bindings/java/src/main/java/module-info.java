/** rdb, an embedded transactional key-value database in one file. */
module rdb {
  exports rdb;
}
