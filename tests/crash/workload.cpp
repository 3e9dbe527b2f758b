#include "workload.hpp"

#include <utility>

#include "support.hpp"

namespace rdb::test {

namespace {

std::string text_key(int i) {
  std::string digits = std::to_string(i);
  return "row/" + std::string(6 - digits.size(), '0') + digits;
}

// Bytes that differ between rows and between versions of a row.
std::string bytes(size_t size, int salt) {
  std::string value(size, '\0');
  uint32_t state = static_cast<uint32_t>(salt) * 2654435761u + 1;
  for (char& c : value) {
    state = state * 1664525u + 1013904223u;
    c = static_cast<char>(state >> 24);
  }
  return value;
}

using RowMap = std::map<std::string, std::string>;

Table open_text(WriteTxn& txn, State& state, const std::string& name) {
  state.try_emplace(name);
  return txn.open_table(name, kTextType, kBytesType);
}
Table open_numbers(WriteTxn& txn, State& state, const std::string& name) {
  state.try_emplace(name);
  return txn.open_table(name, kU64Type, kBytesType);
}
Multimap open_links(WriteTxn& txn, State& state) {
  state.try_emplace("links");
  return txn.open_multimap("links", kU64Type, kU64Type);
}

}  // namespace

State state_of(const ReadTxn& txn) {
  State state;
  for (const TableInfo& info : txn.list_tables()) {
    RowMap& rows = state[info.name];
    if (info.kind == TableKind::multimap) {
      const Multimap pairs = txn.open_multimap_raw(info.name);
      uint64_t keys = 0;
      std::string last_key;
      for (const auto& [key, value] : rows_of(pairs)) {
        rows.emplace(key + value, "");
        keys += std::exchange(last_key, key) != key ? 1 : 0;
      }
      REQUIRE_EQ(pairs.len(), rows.size());
      REQUIRE_EQ(pairs.key_count(), keys);
      continue;
    }
    const Table table = txn.open_table_raw(info.name);
    Cursor cursor = table.cursor();
    uint64_t count = 0;
    for (bool more = cursor.first(); more; more = cursor.next(), ++count) {
      rows.emplace(as_text(cursor.key()), as_text(cursor.value()));
    }
    REQUIRE_EQ(count, rows.size());
    REQUIRE_EQ(count, table.len());
  }
  return state;
}

std::string difference(const State& found, const State& expected) {
  for (const auto& [name, rows] : expected) {
    const auto table = found.find(name);
    if (table == found.end()) return "table " + name + " is missing";
    for (const auto& [key, value] : rows) {
      const auto row = table->second.find(key);
      if (row == table->second.end()) return "table " + name + " lost a row";
      if (row->second != value) return "table " + name + " has another value in a row";
    }
    if (table->second.size() != rows.size()) return "table " + name + " has rows too many";
  }
  return found.size() == expected.size() ? "" : "there are tables too many";
}

const State* AllowedStates::match(const State& found) const {
  if (found == durable) return &durable;
  if (in_flight && found == *in_flight) return &*in_flight;
  return nullptr;
}

void put_row(Table& table, RowMap& rows, const std::string& key, const std::string& value) {
  table.put(as_bytes(key), as_bytes(value));
  rows[key] = value;
}

void erase_row(Table& table, RowMap& rows, const std::string& key) {
  // Outside the check, which would swallow an Error.
  const bool erased = table.erase(as_bytes(key));
  REQUIRE_EQ(erased, rows.erase(key) == 1);
}

void put_pair(Multimap& table, RowMap& rows, uint64_t key, uint64_t value) {
  const bool fresh = table.put(as_bytes(le64(key)), as_bytes(le64(value)));
  REQUIRE_EQ(fresh, rows.emplace(le64(key) + le64(value), "").second);
}

void erase_pair(Multimap& table, RowMap& rows, uint64_t key, uint64_t value) {
  const bool erased = table.erase(as_bytes(le64(key)), as_bytes(le64(value)));
  REQUIRE_EQ(erased, rows.erase(le64(key) + le64(value)) == 1);
}

Workload::Workload(std::shared_ptr<FaultDevice> device, const OpenOptions& options, Kind kind)
    : Workload([device = std::move(device), options] { return open_device(device, options); },
               kind) {}

Workload::Workload(std::function<Database()> open, Kind kind) : open_(std::move(open)) {
  if (kind == Kind::mixed) {
    build_mixed_steps();
  } else {
    build_reuse_steps();
  }
}

Workload::~Workload() { drop(); }

void Workload::add(const std::string& what, Commit commit, Change change) {
  steps_.push_back({what, [commit, change = std::move(change)](Workload& workload) {
                      workload.commit_step(commit, change);
                    }});
}

void Workload::add_other(const std::string& what, std::function<void(Workload&)> run) {
  steps_.push_back({what, std::move(run)});
}

void Workload::build_mixed_steps() {
  const Commit durable;
  const Commit not_durable{Durability::none, false, false, false};
  const Commit two_phase{Durability::immediate, true, false, false};
  const Commit quick{Durability::immediate, false, true, false};
  const Commit aborted{Durability::immediate, false, false, true};

  add("first rows", durable, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "names");
    for (int i = 0; i < 90; ++i) put_row(table, state["names"], text_key(i * 3), bytes(90, i));
  });
  add("a second table", durable, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_numbers(txn, state, "numbers");
    for (int i = 0; i < 60; ++i) {
      put_row(table, state["numbers"], le64(static_cast<uint64_t>(i) << 7), bytes(300, i));
    }
  });
  add("updates, not durable", not_durable, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "names");
    for (int i = 0; i < 90; i += 4) put_row(table, state["names"], text_key(i), bytes(70, i + 1));
    Table scratch = open_text(txn, state, "scratch");
    put_row(scratch, state["scratch"], "only", bytes(10, 1));
  });
  add("erasures, not durable", not_durable, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "names");
    for (int i = 30; i < 60; ++i) erase_row(table, state["names"], text_key(i));
  });
  // Keys that differ at their end only: separators as long as keys, few children a branch.
  const auto deep_key = [](int i) { return std::string(400, 'k') + text_key(i); };
  add("a table of one leaf", durable, [=](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "deep");
    for (int i = 0; i < 5; ++i) put_row(table, state["deep"], deep_key(i * 40), bytes(20, i));
  });
  add("its root splits twice: branches", durable, [=](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "deep");
    for (int i = 0; i < 200; ++i) put_row(table, state["deep"], deep_key(i), bytes(20, i + 1));
  });
  add("a large value, durable", durable, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "names");
    put_row(table, state["names"], "large", bytes(100 << 10, 7));
  });
  add_other("a reader begins", [](Workload& workload) {
    workload.readers_.push_back({workload.database_->begin_read(), workload.visible_});
  });
  add("many rows with quick repair: splits", quick, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_numbers(txn, state, "numbers");
    for (int i = 0; i < 200; ++i) {
      put_row(table, state["numbers"], le64(static_cast<uint64_t>(i) * 40), bytes(250, i));
    }
  });
  add("half of them erased in two phases: merges", two_phase,
      [](Workload&, WriteTxn& txn, State& state) {
        Table table = open_numbers(txn, state, "numbers");
        for (int i = 0; i < 200; ++i) {
          if (i % 8 != 0) {
            erase_row(table, state["numbers"], le64(static_cast<uint64_t>(i) * 40));
          }
        }
      });
  add("branches merge, the root falls", durable, [=](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "deep");
    for (int i = 3; i < 200; ++i) erase_row(table, state["deep"], deep_key(i));
  });
  // Sets on both sides of the threshold between inline collections and subtrees, and across it.
  add("a multimap", durable, [](Workload&, WriteTxn& txn, State& state) {
    Multimap links = open_links(txn, state);
    for (uint64_t key = 1; key <= 4; ++key) {
      for (uint64_t i = 0; i < key * 90; ++i) put_pair(links, state["links"], key, i * 5);
    }
  });
  add("its sets grow, not durable", not_durable, [](Workload&, WriteTxn& txn, State& state) {
    Multimap links = open_links(txn, state);
    for (uint64_t i = 0; i < 100; ++i) put_pair(links, state["links"], 2 + i % 3, 7000 + i);
  });
  add("one gets branches", two_phase, [](Workload&, WriteTxn& txn, State& state) {
    Multimap links = open_links(txn, state);
    for (uint64_t i = 0; i < 700; ++i) put_pair(links, state["links"], 4, 9000 + i);
  });
  add("sets shrink, aborted", aborted, [](Workload&, WriteTxn& txn, State& state) {
    Multimap links = open_links(txn, state);
    for (uint64_t i = 0; i < 80; ++i) erase_pair(links, state["links"], 3, i * 5);
    links.drain();
  });
  add("sets shrink back", quick, [](Workload&, WriteTxn& txn, State& state) {
    Multimap links = open_links(txn, state);
    for (uint64_t i = 0; i < 200; ++i) erase_pair(links, state["links"], 3, i * 5);
    for (uint64_t i = 0; i < 690; ++i) erase_pair(links, state["links"], 4, 9000 + i);
  });
  add("a key goes, the multimap is renamed there and back", durable,
      [](Workload&, WriteTxn& txn, State& state) {
        {
          Multimap links = open_links(txn, state);
          const uint64_t gone = links.erase_key(as_bytes(le64(4)));
          REQUIRE_EQ(gone, std::erase_if(state["links"], [](const auto& row) {
                       return row.first.starts_with(le64(4));
                     }));
          put_pair(links, state["links"], 3, 77);
        }
        txn.rename_table("links", "ties");
        txn.rename_table("ties", "links");
      });
  add("a table changed and renamed", durable, [](Workload&, WriteTxn& txn, State& state) {
    {
      Table table = open_text(txn, state, "names");
      put_row(table, state["names"], "before the rename", bytes(20, 3));
    }
    if (state.contains("people")) return;
    txn.rename_table("names", "people");
    state["people"] = state["names"];
    state.erase("names");
  });
  add("an aborted transaction", aborted, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "people");
    for (int i = 0; i < 200; ++i) put_row(table, state["people"], text_key(i), bytes(200, i));
  });
  add("one row, not durable", not_durable, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "people");
    put_row(table, state["people"], text_key(1), bytes(33, 9));
  });
  add("the large value goes, not durable", not_durable, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "people");
    erase_row(table, state["people"], "large");
  });
  add_other("the reader ends", [](Workload& workload) {
    workload.check_readers();
    workload.readers_.clear();
  });
  add_other("close and reopen", [](Workload& workload) { workload.close(); });
  add("a table deleted, another made", durable, [](Workload&, WriteTxn& txn, State& state) {
    const bool deleted = txn.delete_table("scratch");
    REQUIRE_EQ(deleted, state.erase("scratch") == 1);
    Table table = txn.open_table("pairs", kU64Type, kU64Type);
    state.try_emplace("pairs");
    for (uint64_t i = 0; i < 300; ++i) put_row(table, state["pairs"], le64(i * i), le64(i));
  });
  for (int batch = 0; batch < 3; ++batch) {
    // Not durable when the file grows: the sync of the growth must not fail silently.
    add("rows in front of the growth, not durable", not_durable,
        [batch](Workload&, WriteTxn& txn, State& state) {
          Table table = open_text(txn, state, "people");
          for (int i = 0; i < 30; ++i) {
            put_row(table, state["people"], text_key(500 + i), bytes(400, i + batch));
          }
        });
    add("growth", batch == 1 ? two_phase : durable,
        [batch](Workload&, WriteTxn& txn, State& state) {
          Table table = open_text(txn, state, "bulk");
          for (int i = 0; i < 24; ++i) {
            put_row(table, state["bulk"], text_key(batch * 100 + i),
                    bytes(20'000 + 700 * i, i + batch));
          }
        });
  }
  add_other("a reader begins", [](Workload& workload) {
    workload.readers_.push_back({workload.database_->begin_read(), workload.visible_});
  });
  add("rows popped", durable, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "people");
    RowMap& rows = state["people"];
    std::vector<std::byte> key;
    std::vector<std::byte> value;
    for (int i = 0; i < 12; ++i) {
      const bool first = i % 2 == 0;
      const bool popped = first ? table.pop_first(key, value) : table.pop_last(key, value);
      REQUIRE_EQ(popped, !rows.empty());
      if (rows.empty()) return;
      const auto row = first ? rows.begin() : std::prev(rows.end());
      REQUIRE_EQ(as_text(key), row->first);
      rows.erase(row);
    }
  });
  add("rows erased through a cursor", quick, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "bulk");
    RowMap& rows = state["bulk"];
    Cursor cursor = table.cursor();
    for (int i = 0; cursor.next(); ++i) {
      if (i % 3 == 0) continue;
      rows.erase(std::string(as_text(cursor.key())));
      cursor.erase();
    }
  });
  add("one row right after quick repair", durable, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "people");
    put_row(table, state["people"], "late", bytes(500, 5));
  });
  add_other("close and reopen", [](Workload& workload) { workload.close(); });
  add("nothing", durable, [](Workload&, WriteTxn&, State&) {});
  for (int i = 0; i < 4; ++i) {
    add("small commits", i % 2 == 0 ? durable : not_durable,
        [i](Workload&, WriteTxn& txn, State& state) {
          Table table = txn.open_table("pairs", kU64Type, kU64Type);
          state.try_emplace("pairs");
          put_row(table, state["pairs"], le64(1000000 + static_cast<uint64_t>(i)), le64(1));
          erase_row(table, state["pairs"], le64(static_cast<uint64_t>(i * i)));
        });
  }
  add_other("close and reopen", [](Workload& workload) { workload.close(); });
  add("the last rows", durable, [](Workload&, WriteTxn& txn, State& state) {
    Table table = open_text(txn, state, "people");
    for (int i = 0; i < 20; ++i) put_row(table, state["people"], text_key(900 + i), bytes(40, i));
  });
}

void Workload::build_reuse_steps() {
  const Commit durable;
  const Commit not_durable{Durability::none, false, false, false};
  const Commit two_phase{Durability::immediate, true, false, false};
  const Commit quick{Durability::immediate, false, true, false};
  // About a page a row: more than half of a new file.
  const auto fill = [](const std::string& name, int salt) -> Change {
    return [name, salt](Workload&, WriteTxn& txn, State& state) {
      Table table = open_text(txn, state, name);
      for (int i = 0; i < 140; ++i) put_row(table, state[name], text_key(i), bytes(3000, i + salt));
    };
  };
  const auto remove = [](const std::string& name) -> Change {
    return [name](Workload&, WriteTxn& txn, State& state) {
      const bool deleted = txn.delete_table(name);
      REQUIRE_EQ(deleted, state.erase(name) == 1);
    };
  };

  add("a table that fills half of the file", durable, fill("a", 1));
  add_other("close and reopen", [](Workload& workload) { workload.close(); });
  // The durable state still needs every page of it.
  add("it is deleted, not durable", not_durable, remove("a"));
  add("another in its place, durable", durable, fill("b", 2));
  add_other("a reader begins", [](Workload& workload) {
    workload.readers_.push_back({workload.database_->begin_read(), workload.visible_});
  });
  add("that one is deleted under the reader", durable, remove("b"));
  add("a third", durable, fill("c", 3));
  add_other("the reader ends", [](Workload& workload) {
    workload.check_readers();
    workload.readers_.clear();
  });
  add("the third written anew, not durable", not_durable, fill("c", 4));
  add("and again, which frees pages no crash needs", not_durable, fill("c", 5));
  add("a fourth, with quick repair", quick, fill("d", 6));
  add("both deleted, not durable", not_durable, [=](Workload& w, WriteTxn& txn, State& state) {
    remove("c")(w, txn, state);
    remove("d")(w, txn, state);
  });
  add("a fifth, in two phases", two_phase, fill("e", 7));
  add("deleted, durable", durable, remove("e"));
  add("a sixth", durable, fill("f", 8));
}

void Workload::open() {
  if (!database_) database_.emplace(open_());
}

void Workload::commit_step(const Commit& commit, const Change& change) {
  WriteTxn txn = database_->begin_write();
  txn.set_durability(commit.durability);
  txn.set_two_phase_commit(commit.two_phase);
  txn.set_quick_repair(commit.quick_repair);
  State state = visible_;
  change(*this, txn, state);
  if (commit.abort) {
    txn.abort();
    return;
  }
  if (commit.durability == Durability::immediate) in_flight_ = state;
  txn.commit();
  in_flight_.reset();
  visible_ = std::move(state);
  if (commit.durability == Durability::immediate) durable_ = visible_;
}

// A close makes durable what was visible.
void Workload::close() {
  check_readers();
  readers_.clear();
  in_flight_ = visible_;
  database_->close();
  database_.reset();
  in_flight_.reset();
  durable_ = visible_;
}

void Workload::run_step() {
  open();
  steps_[next_].run(*this);
  ++next_;
}

bool Workload::run() {
  error_.reset();
  try {
    while (!finished()) run_step();
    open();
    close();
  } catch (const Error& error) {
    error_ = error;
    return false;
  }
  return true;
}

void Workload::drop() {
  readers_.clear();
  database_.reset();
}

void Workload::continue_from(const State& state) {
  REQUIRE_FALSE(is_open());
  durable_ = state;
  visible_ = state;
  in_flight_.reset();
}

void Workload::check_readers() const {
  for (const Reader& reader : readers_) {
    const State found = state_of(reader.txn);
    REQUIRE_EQ(difference(found, reader.expected), std::string());
  }
}

}  // namespace rdb::test
