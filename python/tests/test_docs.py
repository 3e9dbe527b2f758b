"""Every public name says what it is for; the classes of exceptions are those the manual promises."""

import inspect
import pickle

import pytest

import rdb
import rdb._errors
import rdb.aio


def public_items():
    for module in (rdb, rdb.aio):
        assert module.__doc__
        for name in module.__all__:
            item = getattr(module, name)
            yield f"{module.__name__}.{name}", item
            if inspect.isclass(item):
                for member, value in vars(item).items():
                    if member.startswith("_") and member not in ("__enter__", "__exit__", "__arrow_c_stream__"):
                        continue
                    if callable(value) or isinstance(value, (property, classmethod, staticmethod)):
                        yield f"{module.__name__}.{name}.{member}", value


ITEMS = dict(public_items())


@pytest.mark.parametrize("name", ITEMS)
def test_has_a_docstring(name):
    text = inspect.getdoc(ITEMS[name])
    assert text and len(text) > 10, f"{name} has no docstring"
    if not inspect.isclass(ITEMS[name]):
        assert text not in (object.__doc__, inspect.getdoc(object.__init__))


def test_all_is_complete():
    private = {"aio"}
    modules = {name for name, item in vars(rdb).items() if inspect.ismodule(item)}
    assert set(rdb.__all__) == {name for name in vars(rdb) if not name.startswith("_")} - modules - private - {
        "annotations"}
    for name in rdb.__all__:
        item = getattr(rdb, name)
        if inspect.isclass(item):
            assert item.__module__ == "rdb", name


BASES = {
    rdb.UsageError: ValueError, rdb.ClosedError: ValueError, rdb.UnsupportedError: NotImplementedError,
    rdb.LayoutError: BufferError, rdb.TableMissingError: KeyError, rdb.TableTypeError: TypeError,
    rdb.LockTimeoutError: TimeoutError, rdb.StorageError: OSError, rdb.ReadOnlyError: PermissionError,
    rdb.OutOfMemoryError: MemoryError, rdb.InternalError: RuntimeError,
}


@pytest.mark.parametrize("kind", sorted((item for item in vars(rdb).values() if isinstance(item, type)
                                         and issubclass(item, rdb.Error)), key=lambda kind: kind.__name__))
def test_exceptions_have_their_bases_and_travel(kind):
    assert issubclass(kind, BASES.get(kind, Exception))
    error = kind("went wrong", status=-5, name="RDB_ERR_X", errno=28, position=7)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    for one in (error, again):
        assert (one.message, one.status, one.name, one.errno, one.position) == (
            "went wrong", -5, "RDB_ERR_X", 28, 7)
        assert str(one) == "went wrong (No space left on device)"
    assert str(kind("plain")) == "plain"


def test_every_status_has_a_class():
    by_hundred = {1: rdb.UsageError, 2: rdb.TableError, 3: rdb.ConcurrencyError, 4: rdb.StorageError,
                  5: rdb.FileError, 6: rdb.OutOfMemoryError, 7: rdb.FeatureError, 9: rdb.InternalError}
    known = 0
    for status in range(-100, -1000, -1):
        name = rdb.status_name(status)
        known += name != "RDB_ERR_UNKNOWN"
        kind = rdb._errors.error_class(status, name)
        assert issubclass(kind, by_hundred.get(-status // 100, rdb.Error)), name
    assert known >= 35
    assert rdb._errors.error_class(-850, "RDB_ERR_UNKNOWN") is rdb.Error
    # Each name that has a class of its own is a status of the library.
    names = {rdb.status_name(status) for status in range(-999, 0)}
    assert set(rdb._errors._BY_NAME) <= names


def test_versions():
    assert rdb.__version__ == rdb.version()
    major, minor, patch = map(int, rdb.version().split("."))
    assert rdb.version_number() == major * 1_000_000 + minor * 1000 + patch
    assert rdb.abi_version() >= (1, 0)
    assert rdb.build_info()
    assert rdb.has_feature("tables") and not rdb.has_feature("nonsense")
    assert rdb.status_name(1) == "RDB_NOT_FOUND"


def test_objects_show_what_they_are(db, reader):
    assert repr(db).startswith("<rdb.Database ") and repr(reader) == "<rdb.Transaction>"
    table = reader.table("t")
    assert repr(table) == "<rdb.Table 't'>" and repr(table.items()) == "<rdb.Scan of table 't'>"
    assert repr(rdb.open_memory.__doc__)
    assert rdb.Table[str, int].__origin__ is rdb.Table


def test_classes_are_made_by_functions_only():
    for kind in (rdb.Database, rdb.Transaction, rdb.WriteTransaction, rdb.Table, rdb.WriteTable, rdb.TtlTable,
                 rdb.WriteTtlTable, rdb.Scan, rdb.RecordIterator, rdb.Cursor, rdb.Value):
        for make in (kind, lambda: kind.__new__(kind), lambda: object.__new__(kind),
                     lambda: kind.__mro__[-2].__new__(kind), lambda: rdb.Cancel.__new__(kind)):
            with pytest.raises(TypeError):
                make()
    whole = rdb.Cancel.__new__(rdb.Cancel)
    whole.trigger()
    whole.reset()
    with pytest.raises(TypeError):
        rdb.Cancel(5)
    for kind in (rdb.Database, rdb.WriteTransaction, rdb.WriteTtlTable, rdb.Scan, rdb.Value, rdb.Cancel):
        with pytest.raises(TypeError):
            type("Derived", (kind,), {})
    for kind in (rdb.Table, rdb.WriteTable, rdb.Cursor):  # bases of others
        with pytest.raises(TypeError):
            type("Derived", (kind,), {})()
