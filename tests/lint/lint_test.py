"""Breaks each lint rule once, in a small tree, and expects the finding."""

import pathlib
import tempfile
import unittest

import abi_lists
import conformance
import documents
import format as format_check
import headers
import house_rules
import layers

CXX = ["c++"]
CC = ["cc"]


class LintCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def one(self, findings, *words):
        self.assertEqual(len(findings), 1, findings)
        for word in words:
            self.assertIn(word, findings[0])


class Conformance(LintCase):
    HEADING = "| Operation | Members | Gives | Functions |\n|---|---|---|---|\n"

    def tree(self, script, table="| `get` | `key` | `value` | `rdb_get` |\n", functions="rdb_get\n"):
        self.write("tests/conformance/README.md", self.HEADING + table)
        self.write("tests/conformance/a.jsonl", script)
        self.write("tests/conformance/driver.c", "rdb_get(); rdb_put(); rdb_first();")
        self.write("capi/api.csv", "name,since\n" + functions.replace("\n", ",1.0\n"))
        return conformance.check(self.root)

    def test_a_script_that_reaches_everything_is_fine(self):
        self.assertEqual(self.tree('{"op": "get"}\n\n{"comment": "and so on"}\n'), [])

    def test_a_function_that_no_line_reaches_is_found(self):
        self.one(self.tree('{"op": "get"}\n', functions="rdb_get\nrdb_new\n"), "rdb_new")

    def test_an_operation_without_a_line_is_found(self):
        findings = self.tree('{"op": "get"}\n', functions="rdb_get\nrdb_put\n",
                             table="| `get` | | | `rdb_get` |\n| `put` | | | `rdb_put` |\n")
        self.assertEqual(len(findings), 2)
        self.assertIn("operation put", findings[0])
        self.assertIn("rdb_put", findings[1])

    def test_an_operation_that_is_not_described_is_found(self):
        self.one(self.tree('{"op": "get"}\n{"op": "got"}\n'), "a.jsonl:2", "got")

    def test_a_row_may_describe_several(self):
        table = "| `get` | | | `rdb_get` |\n| `first`, `put` | | | the function of that name |\n"
        self.assertEqual(self.tree('{"op": "get"}\n{"op": "first"}\n{"op": "put"}\n', table,
                                   "rdb_get\nrdb_first\nrdb_put\n"), [])

    def test_what_is_no_line_is_found(self):
        self.one(self.tree('{"op": "get"}\n{"op": \n'), "a.jsonl:2")
        self.one(self.tree('{"op": "get", "faces": ["cobol"]}\n'), "cobol")
        self.one(self.tree('{"op": "get", "expect": "ok"}\n'), "no status")
        self.one(self.tree('{"op": "get", "except": {"go": ""}}\n'), "reason")

    def test_the_driver_must_know_the_function(self):
        self.one(self.tree('{"op": "get"}\n', "| `get` | | | `rdb_gone` |\n", "rdb_gone\n"),
                 "driver", "rdb_gone")


class Layers(LintCase):
    def test_a_layer_may_use_itself_and_earlier_ones(self):
        self.write("core/btree/tree.cpp", '#include "btree/tree.hpp"\n#include <vector>\n'
                   '#include "page/pager.hpp"\n#include "rdb/types.hpp"\n#include "local.hpp"\n')
        self.assertEqual(layers.check(self.root), [])

    def test_an_upward_include_is_found_with_its_line(self):
        self.write("core/page/pager.cpp", '\n#include "txn/commit.hpp"\n')
        self.one(layers.check(self.root), "core/page/pager.cpp:2", "core/txn")

    def test_format_may_not_use_io(self):
        self.write("core/format/header.cpp", '#include "io/file_backend.hpp"\n')
        self.one(layers.check(self.root), "core/io")

    def test_public_headers_see_no_layer(self):
        self.write("core/include/rdb/table.hpp", '#include "btree/tree.hpp"\n')
        self.one(layers.check(self.root), "public headers")

    def test_a_library_stays_in_its_layer(self):
        self.write("core/btree/verify.cpp", "#include <xxhash.h>\n")
        self.one(layers.check(self.root), "xxhash.h", "base")

    def test_system_headers_stay_low(self):
        self.write("core/table/table.cpp", "#include <unistd.h>\n")
        self.one(layers.check(self.root), "system headers")

    def test_paths_that_climb_are_refused(self):
        self.write("core/io/lock.cpp", '#include "../txn/commit.hpp"\n')
        self.one(layers.check(self.root), "include root")

    def test_binding_reaches_into_the_core(self):
        self.write("bindings/go/raw/hot.c", '#include "rdb.h"\n#include "rdb/database.hpp"\n')
        self.one(layers.check(self.root), "bindings/go/raw/hot.c:2", "rdb.h only")

    def test_a_folder_that_is_no_layer_is_found(self):
        self.write("core/misc/stuff.cpp", "int i;\n")
        self.one(layers.check(self.root), "core/misc")

    def test_capi_sees_the_public_face_only(self):
        self.write("capi/guard.hpp", "")
        self.write("capi/txn.cpp", '#include "guard.hpp"\n#include "rdb.h"\n#include "rdb/txn.hpp"\n')
        self.assertEqual(layers.check(self.root), [])
        self.write("capi/db.cpp", '#include "db/recover.hpp"\n')
        self.one(layers.check(self.root), "capi/db.cpp")

    def test_tools_see_the_public_face_and_format(self):
        self.write("tools/dump.cpp", '#include "format/header.hpp"\n#include <CLI/CLI.hpp>\n')
        self.assertEqual(layers.check(self.root), [])
        self.write("tools/check.cpp", '#include "btree/verify.hpp"\n')
        self.one(layers.check(self.root), "tools/check.cpp")

    def test_rdb_h_includes_two_headers_at_most(self):
        self.write("capi/include/rdb.h", "#include <stdint.h>\n#include <stddef.h>\n#include <time.h>\n")
        self.one(layers.check(self.root), "<time.h>")

    def test_the_build_lists_layers_in_order(self):
        self.write("core/meson.build", "core_layers = ['base', 'format', 'io']\n")
        self.one(layers.check(self.root), "core_layers")


class Headers(LintCase):
    def test_a_header_that_needs_another_is_found(self):
        self.write("core/base/span.hpp", "#pragma once\n#include <cstddef>\ninline std::size_t n() "
                   "{ return 0; }\n")
        self.assertEqual(headers.check(self.root, CC, CXX), [])
        self.write("core/base/text.hpp", "#pragma once\ninline std::string s();\n")
        self.one(headers.check(self.root, CC, CXX), "core/base/text.hpp")

    def test_a_header_without_a_guard_is_found(self):
        self.write("core/base/twice.hpp", "struct S {};\n")
        self.one(headers.check(self.root, CC, CXX), "twice.hpp")

    def test_public_headers_do_not_reach_private_ones(self):
        self.write("core/base/bytes.hpp", "#pragma once\n")
        self.write("core/include/rdb/table.hpp", '#pragma once\n#include "base/bytes.hpp"\n')
        self.one(headers.check(self.root, CC, CXX), "core/include/rdb/table.hpp")

    def test_only_the_first_include_counts_as_proof(self):
        self.write("core/base/a.hpp", "#pragma once\nstd::string a();\n")
        self.write("core/base/a.cpp", '#include <string>\n#include "base/a.hpp"\n')
        self.one(headers.check(self.root, CC, CXX), "a.hpp")
        self.write("core/base/a.cpp", '#include "base/a.hpp"\n#include <string>\n')
        self.assertEqual(headers.check(self.root, CC, CXX), [])

    def test_rdb_h_must_be_c(self):
        self.write("capi/include/rdb.h", "#pragma once\nstruct rdb_db; class X;\n")
        self.assertEqual(len(headers.check(self.root, CC, CXX)), 2)  # c99 and c11; C++ is content


class HouseRules(LintCase):
    GOOD = "// good.hpp: nothing.\n#pragma once\n"

    def test_machine_paths_are_found(self):
        self.write("docs/x.md", "see /wor" + "k/notes\n")
        self.one(house_rules.check(self.root), "docs/x.md:1", "path")

    def test_addresses_that_only_contain_such_words_pass(self):
        self.write("docs/x.md", "https://example.org/wor" + "k/x and tests/wor" + "k/x\n")
        self.assertEqual(house_rules.check(self.root), [])

    def test_registry_hosts_are_found(self):
        self.write("docs/x.md", "crates" + ".io")
        self.one(house_rules.check(self.root), "registry")

    def test_open_work_needs_a_kind(self):
        self.write("core/base/good.hpp", self.GOOD + "// TO" + "DO(perf): unroll.\n")
        self.assertEqual(house_rules.check(self.root), [])
        self.write("core/base/good.hpp", self.GOOD + "// TO" + "DO: unroll.\n")
        self.one(house_rules.check(self.root), "kind")

    def test_lock_files_are_not_our_words(self):
        self.write("tests/interop/Cargo.lock", "crates" + ".io")
        self.assertEqual(house_rules.check(self.root), [])

    def test_the_library_does_not_print_or_abort(self):
        self.write("core/base/a.cpp", 'void f() { printf("x"); }\n')
        self.one(house_rules.check(self.root), "prints")
        self.write("core/base/a.cpp", "// printf(x)\nvoid f(T& t) { t.abort(); snprintf(b, 1, s); }\n")
        self.assertEqual(house_rules.check(self.root), [])

    def test_only_io_touches_the_device(self):
        self.write("core/io/file.cpp", "void f() { ::pwrite(1, p, n, 0); }\n")
        self.assertEqual(house_rules.check(self.root), [])
        self.write("core/page/pool.cpp", "void f() { ::pwrite(1, p, n, 0); }\n")
        self.one(house_rules.check(self.root), "core/page/pool.cpp:1", "door")

    def test_failures_are_our_error(self):
        self.write("core/db/open.cpp", "void f() { throw std::runtime_error(s); }\n")
        self.one(house_rules.check(self.root), "rdb::Error")

    def test_headers_open_with_their_name_and_purpose(self):
        self.write("core/base/good.hpp", self.GOOD)
        self.assertEqual(house_rules.check(self.root), [])
        self.write("core/base/good.hpp", "#pragma once\n")
        self.one(house_rules.check(self.root), "opens with a comment")

    def test_file_names_are_snake_case(self):
        self.write("core/base/LeafView.cpp", "")
        self.one(house_rules.check(self.root), "snake_case")

    def test_headers_use_no_namespace(self):
        self.write("core/base/good.hpp", self.GOOD + "using namespace std;\n")
        self.one(house_rules.check(self.root), "using namespace")


class Format(LintCase):
    @unittest.skipIf(format_check.find_tool() is None, "clang-format 14 is not installed")
    def test_a_misplaced_brace_is_found_and_mended(self):
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("core/base/a.cpp", "int f()\n{\n  return 0; }\n")
        tool = format_check.find_tool()
        self.assertIn("core/base/a.cpp", format_check.check(self.root, tool)[0])
        format_check.check(self.root, tool, fix=True)
        self.assertEqual(format_check.check(self.root, tool), [])


class Documents(LintCase):
    README = "./run demo\n./run test\n```c\n#include <rdb.h>\nint main(void) { return RDB_X; }\n```\n"

    def test_the_changelog_covers_the_current_version(self):
        sections = "".join(f"### {name}\n" for name in documents.SECTIONS)
        self.write("CHANGELOG.md", "# Changelog\n## 0.1.0 (unreleased)\n" + sections)
        self.assertEqual(documents.check_changelog(self.root, "0.1.0"), [])
        self.one(documents.check_changelog(self.root, "0.2.0"), "0.2.0")
        self.write("CHANGELOG.md", "## 0.1.0\n" + sections.replace("### ABI\n", ""))
        self.one(documents.check_changelog(self.root, "0.1.0"), "ABI")

    def test_the_example_compiles_against_the_header(self):
        self.write("README.md", self.README)
        self.write("capi/include/rdb.h", "#define RDB_X 0\n")
        self.assertEqual(documents.check_readme(self.root, self.root / "build", CC), [])
        self.write("capi/include/rdb.h", "#define RDB_Y 0\n")
        self.one(documents.check_readme(self.root, self.root / "build", CC), "does not compile")

    def test_the_readme_shows_both_commands(self):
        self.write("README.md", self.README.replace("./run demo", ""))
        self.one(documents.check_readme(self.root, self.root / "build", CC), "./run demo")


class AbiLists(LintCase):
    HEADER = ("#define RDB_API __attribute__((visibility(\"default\")))\n/* RDB_API int rdb_no(void); */\n"
              "typedef int rdb_status;\nRDB_API rdb_status rdb_open(const char *path);\n"
              "RDB_API void rdb_close(void);\n")

    def test_functions_are_read_from_declarations_only(self):
        self.assertEqual(abi_lists.header_functions(self.HEADER), {"rdb_open", "rdb_close"})

    def test_map_nodes_name_each_function(self):
        functions, nodes, complaints = abi_lists.map_symbols(
            "RDB_1 { global: rdb_open; local: *; };\nRDB_1.1 { global: rdb_close; } RDB_1;\n")
        self.assertEqual((functions, nodes, complaints),
                         ({"rdb_open", "rdb_close"}, {"RDB_1", "RDB_1.1"}, []))
        self.one(abi_lists.map_symbols("RDB_1 { global: rdb_*; local: *; };")[2], "rdb_*")

    def test_a_function_missing_from_one_list_is_found(self):
        self.write("capi/include/rdb.h", self.HEADER)
        self.write("capi/rdb.map", "RDB_1 { global: rdb_open; local: *; };\n")
        self.write("capi/api.csv", "# comment\nname,since\nrdb_open,1.0\nrdb_close,1.0\nrdb_old,1.0\n")
        findings = abi_lists.check(self.root, self.root / "build")
        self.assertIn("rdb.map: rdb_close is missing", findings)
        self.assertIn("api.csv: rdb_old is not in rdb.h", findings)


if __name__ == "__main__":
    unittest.main()
